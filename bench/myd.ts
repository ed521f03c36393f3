/** An instance of dist/myd in a home of its own. It runs from a copy, so that a build meanwhile changes nothing. */
import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './process.ts'

export class Myd {
  readonly home: string
  readonly #program: string
  readonly #signal: AbortSignal

  constructor(directory: string, signal: AbortSignal) {
    const built = join(import.meta.dirname, '..', 'dist', 'myd')
    if (!existsSync(built)) throw new Error('there is no dist/myd: run npm run build')
    this.#program = join(directory, 'myd')
    this.#signal = signal
    this.home = join(directory, 'home')
    mkdirSync(this.home, { mode: 0o750, recursive: true })
    copyFileSync(built, this.#program)
  }

  path(name: string): string {
    return join(this.home, name)
  }

  async run(...args: string[]): Promise<void> {
    await this.#run(args, this.#signal)
  }

  /** @param service a service file; the built-in service without one */
  async start(proc: number, ...service: string[]): Promise<void> {
    await this.run(...service, '--daemon', `--proc=${proc}`)
  }

  /** Also when it does not run, and when the bench was interrupted. */
  async stop(): Promise<void> {
    await this.#run(['stop'])
  }

  async #run(args: readonly string[], signal?: AbortSignal): Promise<void> {
    const options = { cwd: this.home, environment: { HOME: this.home }, ...(signal ? { signal } : {}) }
    await run(this.#program, [...args, '--quiet', '--name=myd', `--home=${this.home}`], options)
  }
}
