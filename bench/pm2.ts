/**
 * PM2, pinned, as a user would have it, but with its state in a temporary directory and under our Node. It is installed
 * once, under node_modules/.cache, and is no dependency of the project.
 */
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './process.ts'

const VERSION = '7.0.4'
const PLACE = join(import.meta.dirname, '..', 'node_modules', '.cache', 'myd-bench')

export class Pm2 {
  readonly #home: string
  readonly #signal: AbortSignal
  readonly #node: string

  /** @param node the Node that it runs under, with all its workers */
  constructor(directory: string, signal: AbortSignal, node: string = process.execPath) {
    this.#home = join(directory, 'pm2')
    this.#signal = signal
    this.#node = node
    mkdirSync(this.#home, { recursive: true })
  }

  /** The version, for the figures. */
  static readonly version = VERSION

  static async install(signal: AbortSignal): Promise<void> {
    if (existsSync(join(PLACE, 'node_modules', 'pm2', 'package.json'))) return
    console.error(`installing pm2 ${VERSION} into node_modules/.cache/myd-bench`)
    mkdirSync(PLACE, { recursive: true })
    const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--save-exact', '--loglevel=error']
    const environment = process.env as Record<string, string> // the caller's way to the network
    await run('npm', ['install', `--prefix=${PLACE}`, ...flags, `pm2@${VERSION}`], { cwd: PLACE, environment, signal })
  }

  async run(...args: string[]): Promise<void> {
    await this.#run(args, this.#signal)
  }

  /** Ends its daemon with all that it runs; also when there is none. */
  async kill(): Promise<void> {
    await this.#run(['kill'])
  }

  async #run(args: readonly string[], signal?: AbortSignal): Promise<void> {
    const environment = { HOME: this.#home, PM2_HOME: this.#home, PM2_DISABLE_VERSION_CHECK: 'true' }
    const options = { cwd: this.#home, environment, ...(signal ? { signal } : {}) }
    await run(this.#node, [join(PLACE, 'node_modules', 'pm2', 'bin', 'pm2'), ...args], options)
  }
}
