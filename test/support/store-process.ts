/** A real store process in a directory of its own, and clients of it. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { RunReport } from '../../src/job/wire.ts'
import type { Job } from '../../src/service/define-service.ts'
import { createLineReader, parseLine, toLine } from '../../src/system/line-reader.ts'
import { jobPaths } from './job-instance.ts'

const FIXTURE = fileURLToPath(new URL('../fixtures/job-store.ts', import.meta.url))

export type Answer = Record<string, unknown>

/** A directory that goes with the test. */
export function makeDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'store-test-'))
  context.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

export class StoreProcess {
  readonly directory: string
  /** Lines that it printed. */
  readonly lines: string[] = []
  /** Workers that may hold jobs when it starts the next time. */
  holders: string[] = []
  #child: ChildProcess | null = null

  constructor(context: TestContext, directory: string) {
    this.directory = directory
    context.after(() => this.kill())
  }

  get socketPath(): string {
    return jobPaths(this.directory).jobsSocket
  }

  get pid(): number {
    assert.ok(this.#child?.pid)
    return this.#child.pid
  }

  /** @param wrapper a command that it is run under: strace and its options */
  async start(wrapper: readonly string[] = []): Promise<void> {
    const node = [process.execPath, '--disable-warning=ExperimentalWarning', FIXTURE, this.directory]
    const [program = '', ...rest] = [...wrapper, ...node]
    const env = { ...process.env, HOLDERS: this.holders.join(',') }
    const child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'inherit'], env })
    this.#child = child
    const output = createInterface({ input: child.stdout })
    output.on('line', (line) => this.lines.push(line))
    const [line] = await Promise.race([once(output, 'line'), once(child, 'exit')])
    assert.equal(line, 'READY')
  }

  /** kill -9. */
  async kill(): Promise<void> {
    await this.#end((child) => child.kill('SIGKILL'))
  }

  async stop(): Promise<void> {
    await this.#end((child) => child.stdin?.write('stop\n'))
  }

  workerGone(worker: string, charged: readonly number[] = []): void {
    this.#child?.stdin?.write(`gone ${worker} ${charged.join(',')}\n`)
  }

  async #end(how: (child: ChildProcess) => void): Promise<void> {
    const child = this.#child
    this.#child = null
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    how(child)
    await exited
  }
}

/** A client that speaks the protocol by hand. */
export class Client {
  readonly socket: Socket
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  readonly #unasked: Answer[] = []
  #lastId = 0

  constructor(context: TestContext, path: string) {
    this.socket = connect(path)
    context.after(() => this.close())
    this.socket.on('error', () => {}) // the store is killed under it: the test looks at what it answered
    this.socket.on(
      'data',
      createLineReader(
        (line) => this.#receive(line),
        (limit) => assert.fail(`over ${limit} bytes`),
        2 ** 30,
      ),
    )
  }

  /** What came without being an answer to a request. */
  get unasked(): readonly Answer[] {
    return this.#unasked
  }

  /** Never settles when the store is killed first. */
  ask(operation: Answer): Promise<Answer> {
    this.#lastId++
    this.socket.write(toLine({ id: this.#lastId, ...operation }))
    return new Promise((resolve) => this.#waiting.set(this.#lastId, resolve))
  }

  async add(...jobs: object[]): Promise<number[]> {
    const answer = await this.ask({ op: 'add', jobs })
    assert.equal(answer.ok, true, JSON.stringify(answer))
    return answer.ids as number[]
  }

  async attach(worker: string, held: object[] = []): Promise<void> {
    const answer = await this.ask({ op: 'attach', worker, types: ['noop'], held })
    assert.equal(answer.ok, true, JSON.stringify(answer))
  }

  async take(n = 1): Promise<Job[]> {
    return (await this.ask({ op: 'take', n })).jobs as Job[]
  }

  async stateOf(job: number): Promise<string> {
    return ((await this.ask({ op: 'show', job })).job as { state: string }).state
  }

  close(): void {
    this.socket.destroy()
  }

  #receive(line: string): void {
    const message = parseLine(line)
    assert.ok(message, line)
    const resolve = this.#waiting.get(message.id as number)
    this.#waiting.delete(message.id as number)
    if (resolve === undefined) this.#unasked.push(message)
    else resolve(message)
  }
}

export function succeeded(job: Job): RunReport {
  const { id, attempt } = job
  return { job: id, attempt, outcome: 'succeeded', exitCode: 0, signal: null, durationMs: 1, reason: '', output: '' }
}
