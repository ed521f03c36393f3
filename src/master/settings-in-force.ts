/** The settings that children are given: those of the start, of a reload while it goes on, and again the former ones when it is given up. */
import { messageOf } from '../errors.ts'
import type { LoadedSettings } from '../settings/load.ts'
import { queriesOf } from '../system/address.ts'
import type { HeldSockets } from './held-sockets.ts'
import { policyOf } from './policy.ts'
import type { MasterEvent } from './state.ts'

/** What became of reading the settings for a reload. */
export type Reloaded = { readonly loaded: LoadedSettings } | { readonly rejected: string; readonly exit: number }

export interface SettingsInForceOptions {
  readonly loaded: LoadedSettings
  readonly reload: (current: LoadedSettings) => Promise<Reloaded>
  readonly sockets: HeldSockets
  readonly post: (event: MasterEvent) => void
  /** Others are in force from now on. */
  readonly onChange: (loaded: LoadedSettings) => void
}

export class SettingsInForce {
  readonly #options: SettingsInForceOptions
  #current: LoadedSettings
  /** What was read last; `adopt` makes it the effective one. */
  #read: LoadedSettings
  /** What was effective before that; `restore` takes it back. */
  #before: LoadedSettings

  constructor(options: SettingsInForceOptions) {
    this.#options = options
    this.#current = options.loaded
    this.#read = options.loaded
    this.#before = options.loaded
  }

  get current(): LoadedSettings {
    return this.#current
  }

  /** Reads and checks them anew; what comes of it returns as an event. New addresses are bound: they must be free. */
  load(): void {
    const { reload, post } = this.#options
    const reject = (reason: string, exit: number) => post({ type: 'settings.rejected', reason, exit })
    reload(this.#current).then(
      (result) => {
        if ('rejected' in result) return reject(result.rejected, result.exit)
        const problem = this.#bind(result.loaded)
        if (problem !== null) return reject(problem, 1)
        this.#read = result.loaded
        const { settings } = result.loaded
        const proc = settings.proc === this.#current.settings.proc ? null : settings.proc
        post({ type: 'settings.loaded', policy: policyOf(settings), proc })
      },
      (error: unknown) => reject(`the settings cannot be read: ${messageOf(error)}`, 1),
    )
  }

  /** @returns why not */
  #bind({ settings }: LoadedSettings): string | null {
    const { sockets, post } = this.#options
    try {
      sockets.configure(settings)
      post({ type: 'sockets.bound', sockets: sockets.prepare(queriesOf(settings.listen, settings['socket.ipv6Only'])) })
      return null
    } catch (error) {
      sockets.configure(this.#current.settings)
      return `cannot listen: ${messageOf(error)}`
    }
  }

  adopt(): void {
    this.#become(this.#read)
  }

  restore(): void {
    this.#become(this.#before)
  }

  #become(next: LoadedSettings): void {
    this.#before = this.#current
    this.#current = next
    this.#options.sockets.configure(next.settings)
    this.#options.onChange(next)
  }
}
