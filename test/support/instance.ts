/**
 * One instance of the program under test, in a home of its own. Whatever becomes of the test, at its end every process
 * of it is ended; the test fails when a process, a socket or a pidfile is left after a stop.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Status, WorkerStatus } from '../../src/admin/control.ts'
import { cleanEnvironment } from './clean-environment.ts'
import { describeProcesses, isAlive, killOwned, listOwned } from './processes.ts'
import { theProgram } from './program.ts'
import { waitFor } from './wait-for.ts'

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  /** Added to the clean environment. */
  readonly environment?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly input?: string
}

const RUN_TIMEOUT_MS = 60_000

export class Instance {
  readonly home: string
  /** Flags of every command, `--home` and `--name` among them. */
  readonly flags: readonly string[]
  /** Runs at the end of the test, when no process is left, before the home is removed. */
  readonly cleanups: (() => void)[] = []
  #service: readonly string[] = []

  constructor(home: string) {
    this.home = home
    this.flags = [`--home=${home}`, '--name=myd']
  }

  path(name: string): string {
    return join(this.home, name)
  }

  /** Settings in TOML, for the next start or reload. */
  configure(toml: string): void {
    writeFileSync(this.path('myd.toml'), toml)
  }

  /** A service file for the next start: the members of its definition. `home` is known in it. */
  serve(members: string, imports = ''): void {
    const text = `import { defineService } from 'myd'\n${imports}\nconst home = ${JSON.stringify(this.home)}\n`
    writeFileSync(this.path('service.mjs'), `${text}export default defineService({ ${members} })\n`)
    this.useService(this.path('service.mjs'))
  }

  /** A server that knows nothing of us, for the next start. @param text a whole module; `home` is known in it */
  serveFile(text: string): void {
    writeFileSync(this.path('server.mjs'), `const home = ${JSON.stringify(this.home)}\n${text}`)
    this.useService(this.path('server.mjs'))
  }

  /** A service file that is there already, for the next start. */
  useService(path: string): void {
    this.#service = [path]
  }

  /** Every word of a command line of this instance. */
  words(args: readonly string[]): string[] {
    const isVerb = args[0] !== undefined && !args[0].startsWith('-')
    return [...theProgram().args, ...this.flags, ...(isVerb ? [] : this.#service), ...args]
  }

  spawn(args: readonly string[], stdio: StdioOptions = 'pipe', options: RunOptions = {}): ChildProcess {
    const env = { ...cleanEnvironment(this.home), ...options.environment }
    return spawn(theProgram().file, this.words(args), { env, stdio, cwd: options.cwd ?? this.home })
  }

  async run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    const child = this.spawn(args, 'pipe', options)
    child.stdin?.on('error', () => {}) // it ended without reading
    child.stdin?.end(options.input ?? '')
    return await ended(child)
  }

  /** Starts it detached. @returns the pid of the master */
  async start(...args: string[]): Promise<number> {
    const result = await this.run(['--daemon', ...args])
    assert.equal(result.code, 0, `the start failed: ${result.stderr}\n${this.log()}`)
    assert.match(result.stdout, /^\d+\n$/)
    return Number(result.stdout)
  }

  async stop(): Promise<void> {
    const result = await this.run(['stop'])
    assert.equal(result.code, 0, `the stop failed: ${result.stderr}\n${this.log()}`)
  }

  async status(): Promise<Status> {
    const { code, stdout, stderr } = await this.run(['status', '--json'])
    assert.equal(code, 0, `status: ${stdout} ${stderr}`)
    return JSON.parse(stdout)
  }

  async worker(slot = 0): Promise<WorkerStatus & { pid: number }> {
    const worker = (await this.status()).workers[slot]
    assert.ok(worker?.pid, `worker ${slot} does not run: ${JSON.stringify(worker)}`)
    return { ...worker, pid: worker.pid }
  }

  /** The log so far; empty when there is none. */
  log(): string {
    return existsSync(this.path('myd.log')) ? readFileSync(this.path('myd.log'), 'utf8') : ''
  }

  async logged(pattern: RegExp): Promise<string> {
    return await waitFor(
      `a line like ${pattern} in the log`,
      () => this.log(),
      (log) => pattern.test(log),
    )
  }

  /** Nothing runs, and of the files only those are left that outlive an instance. */
  assertGone(): void {
    const pids = listOwned(this.home)
    assert.deepEqual(pids, [], `still running: ${describeProcesses(pids)}`)
    const left = readdirSync(this.home).filter((name) => /\.(sock|pid|scoreboard|launch\.json)\b/.test(name))
    assert.deepEqual(left, [], 'files of a running instance are left')
  }

  /** No process of it is left, whatever it may have left on the disk. */
  async awaitNoProcess(timeoutMs?: number): Promise<void> {
    const left = () => listOwned(this.home).filter(isAlive)
    await waitFor('every process to end', left, (pids) => pids.length === 0, timeoutMs)
  }
}

/** @param name what the test does, for the directory */
export function createInstance(t: TestContext): Instance {
  const instance = new Instance(mkdtempSync(join(tmpdir(), 'myd-')))
  t.after(async () => {
    try {
      if (existsSync(instance.path('myd.pid'))) await instance.stop()
      instance.assertGone()
    } finally {
      await killOwned(instance.home)
      for (const clean of instance.cleanups) clean()
      rmSync(instance.home, { recursive: true, force: true })
    }
  })
  return instance
}

/** What a child printed and how it ended. */
export async function ended(child: ChildProcess): Promise<Ended> {
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
    })
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), RUN_TIMEOUT_MS)
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (...how) => resolve(how))
  })
  clearTimeout(timer)
  return { code, signal, ...output }
}
