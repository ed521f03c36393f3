/**
 * Detaching as daemon(7) says, through our own executable because a Node process cannot fork: the launcher starts an
 * intermediate in a new session, which starts the daemon and ends; so the daemon is in a session of its own without
 * leading it (it can never get a terminal), and init is its parent.
 *
 *   launcher ──channel── intermediate ──channel── daemon
 *            → launch                   → launch
 *            ← started, ready | failed  ←
 *            → commit                   → commit          the daemon says that it runs and closes its end; the intermediate ends
 *
 * Until the commit, a channel that closes cancels the start: whichever of the three is killed, at whatever moment,
 * nothing is left running. The intermediate stays until then and tells how the daemon ended.
 */
import type { ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import { errnoOf } from '../errors.ts'
import type { LaunchRecord } from '../protocol.ts'
import { type Channel, openChannel } from './channel.ts'
import { CANCEL_MS, type FromDaemon, type ToDaemon } from './detach-channel.ts'
import { spawnRole } from './detach-role.ts'
import type { InheritedSocket } from './inherited-sockets.ts'
import { isSameProcess, type ProcessIdentity } from './proc.ts'

export interface DetachOptions {
  readonly launch: LaunchRecord
  /** The lock, held; the daemon inherits it. */
  readonly lockFd: number
  /** Open listening sockets that it inherits too. */
  readonly inherited: readonly InheritedSocket[]
  /** Where the daemon's standard output and error go. */
  readonly outputFd: number
  readonly program: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly pass: readonly string[]
  readonly timeoutMs: number
}

export type Detached =
  | { readonly outcome: 'ready'; readonly pid: number }
  | { readonly outcome: 'failed'; readonly exit: number; readonly message: string }
  /** The launcher was told to end: exit code 128 + n. */
  | { readonly outcome: 'interrupted'; readonly exit: number; readonly message: string }

const INTERRUPTS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const
/** The daemon has a deadline of its own (startTimeout); the launcher acts only when that did not work. */
const GRACE_MS = 5000
const POLL_MS = 10

/** The launcher's part. Resolves when the daemon is ready and init's child, or nothing of it is left. */
export async function detach(options: DetachOptions): Promise<Detached> {
  const launcher = new Launcher(options)
  const listeners = Object.entries(INTERRUPTS).map(([name, number]) => {
    const listener = () => launcher.interrupt(name, 128 + number)
    process.on(name, listener)
    return () => process.removeListener(name, listener)
  })
  try {
    return await launcher.result
  } finally {
    for (const remove of listeners) remove()
  }
}

class Launcher {
  readonly result: Promise<Detached>
  readonly #child: ChildProcess
  readonly #channel: Channel<ToDaemon>
  readonly #timer: NodeJS.Timeout
  #resolve: (result: Detached) => void = () => {}
  #verdict: Detached | null = null
  #daemon: ProcessIdentity | null = null
  #committed = false

  constructor(options: DetachOptions) {
    this.result = new Promise((resolve) => {
      this.#resolve = resolve
    })
    this.#child = spawnRole('intermediate', options)
    this.#channel = openChannel<ToDaemon>(this.#child.stdio[3] as Socket, {
      onMessage: (message) => this.#receive(message as unknown as FromDaemon),
      onClose: () => {}, // the exit of the intermediate tells
    })
    this.#child.once('error', (error) => this.#settle({ outcome: 'failed', exit: 1, message: error.message }))
    this.#child.once('exit', () => void this.#conclude())
    this.#timer = setTimeout(() => this.#cancel(timedOut(options)), options.timeoutMs + GRACE_MS)
    this.#channel.send({ type: 'launch', launch: options.launch })
  }

  interrupt(signal: string, exit: number): void {
    if (!this.#committed) this.#cancel({ outcome: 'interrupted', exit, message: `interrupted by ${signal}` })
  }

  #receive(message: FromDaemon): void {
    switch (message.type) {
      case 'started':
        this.#daemon = message.process
        return
      case 'ready':
        if (this.#verdict !== null) return
        this.#committed = true
        this.#verdict = { outcome: 'ready', pid: message.pid }
        this.#channel.send({ type: 'commit' })
        return
      case 'failed':
        this.#verdict ??= { outcome: 'failed', exit: message.exit, message: message.message }
        return
      case 'exited':
        this.#verdict ??= {
          outcome: 'failed',
          exit: 1,
          message: `the daemon ended before it was ready: ${message.how}`,
        }
    }
  }

  /** Closing the channel cancels; what does not end in time is killed with its session. */
  #cancel(verdict: Detached): void {
    this.#verdict ??= verdict
    this.#channel.close()
    const group = this.#child.pid
    if (group === undefined) return
    setTimeout(() => killGroup(group), CANCEL_MS).unref()
  }

  /** The intermediate has ended: the daemon is init's child, or gone, or about to go. */
  async #conclude(): Promise<void> {
    const verdict = this.#verdict ?? { outcome: 'failed', exit: 1, message: 'the start was killed before it was ready' }
    if (verdict.outcome !== 'ready') await this.#awaitEnd()
    this.#settle(verdict)
  }

  async #awaitEnd(): Promise<void> {
    const daemon = this.#daemon
    if (daemon === null) return
    for (let waitedMs = 0; isSameProcess(daemon) && waitedMs < CANCEL_MS; waitedMs += POLL_MS) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
    if (this.#child.pid !== undefined && isSameProcess(daemon)) killGroup(this.#child.pid)
  }

  #settle(result: Detached): void {
    clearTimeout(this.#timer)
    this.#resolve(result)
  }
}

function timedOut(options: DetachOptions): Detached {
  const message = `not ready after ${Math.round(options.timeoutMs / 1000)} s (startTimeout); it was ended`
  return { outcome: 'failed', exit: 1, message }
}

/** The group of the intermediate, which the daemon is in; its workers end with it. */
function killGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL')
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error // nobody is left: that is what was wanted
  }
}
