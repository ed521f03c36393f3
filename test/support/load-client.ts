/**
 * Constant load, and an account of it: clients of five kinds at once that count every reset, refusal, short or wrong
 * answer, hang and status other than 200. A client that was told `Connection: close` opens anew, as it must; it never
 * tries a request twice. Between two requests it pauses for a millisecond: long enough that a connection is idle now
 * and then, far too short for a server that may close it.
 *
 * `load-client-server.ts` has servers that answer what the five kinds ask for.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { setImmediate as immediate } from 'node:timers/promises'
import { monotonicMs } from '../../src/clock.ts'
import { LoadConnection, type LoadRequest, type LoadTarget, type Outcome } from './load-client-connection.ts'
import { describeReport, LOAD_MODES, LoadCount, type LoadMode, type LoadReport } from './load-client-report.ts'
import { elapse, waitFor } from './wait-for.ts'

export interface LoadOptions {
  /** Connections of each mode; modes that are not named are left out. By default a few of every mode. */
  readonly connections?: Readonly<Partial<Record<LoadMode, number>>>
  /** How long a request may take, its connection included. */
  readonly timeoutMs?: number
  /** Between two requests of a connection, and between connecting and the first. */
  readonly pauseMs?: number
  /** What a server that is not ours is asked for, in every mode but uploads. */
  readonly page?: { readonly path: string; readonly expected: string | null }
}

const CONNECTIONS: Readonly<Record<LoadMode, number>> = {
  'new-connection': 3,
  'keep-alive': 3,
  pipelined: 2,
  slow: 3,
  upload: 2,
}
const PIPELINED = 5
const UPLOAD_BYTES = 1024 * 1024
const TIMEOUT_MS = 3000
const PAUSE_MS = 1

export class Load {
  readonly #target: LoadTarget
  readonly #options: LoadOptions
  readonly #count = new LoadCount()
  readonly #startedAt = monotonicMs()
  readonly #clients: readonly Promise<void>[]
  readonly #modes: readonly LoadMode[]
  #isStopping = false
  #lastId = 0

  constructor(target: LoadTarget, options: LoadOptions) {
    this.#target = target
    this.#options = options
    const connections = options.connections ?? CONNECTIONS
    this.#modes = LOAD_MODES.filter((mode) => connections[mode])
    const modes = this.#modes.flatMap((mode) => Array.from({ length: connections[mode] ?? 0 }, () => mode))
    this.#clients = modes.map((mode) => this.#run(mode))
  }

  /** So far. */
  get report(): LoadReport {
    return this.#count.report
  }

  /** Until each mode has asked so much more: whatever was changed before has met every kind of request. */
  async awaitRequests(count = 3): Promise<void> {
    const goals = this.#modes.map((mode) => [mode, this.#count.modes[mode] + count] as const)
    const reached = () => goals.every(([mode, goal]) => this.#count.modes[mode] >= goal)
    await waitFor(`${count} more requests of each kind`, reached)
  }

  /** Lets every request that was begun come to its end. */
  async stop(): Promise<LoadReport> {
    this.#isStopping = true
    await Promise.all(this.#clients)
    return this.report
  }

  async #run(mode: LoadMode): Promise<void> {
    const pauseMs = this.#options.pauseMs ?? PAUSE_MS
    const upload = mode === 'upload' ? createUpload() : null
    let connection: LoadConnection | null = null
    while (!this.#isStopping) {
      connection ??= new LoadConnection(this.#target)
      await elapse(pauseMs)
      await immediate() // what the server did meanwhile is read before the next request is written
      if (connection.wasClosedIdle) {
        this.#count.addIdleClose()
        connection = null
        continue
      }
      const requests = this.#requestsOf(mode, upload)
      const outcomes = await connection.exchange(requests, this.#options.timeoutMs ?? TIMEOUT_MS)
      this.#record(mode, connection, requests, outcomes)
      if (mode !== 'new-connection' && connection.isUsable) continue
      connection.close()
      connection = null
    }
    connection?.close()
  }

  #requestsOf(mode: LoadMode, upload: Upload | null): LoadRequest[] {
    if (upload !== null) return [this.#request('/upload', upload.hash, upload.body)]
    const { page } = this.#options
    const prefix = mode === 'slow' ? '/slow' : '/echo'
    return Array.from({ length: mode === 'pipelined' ? PIPELINED : 1 }, () => {
      const path = page?.path ?? `${prefix}/${++this.#lastId}`
      // Half of those that use their connection only once say so, half just close it.
      const isLast = mode === 'new-connection' && this.#lastId % 2 === 0
      return this.#request(path, page ? page.expected : path, null, isLast)
    })
  }

  #request(path: string, expected: string | null, body: Buffer | null, isLast = false): LoadRequest {
    const lines = [`${body === null ? 'GET' : 'POST'} ${path} HTTP/1.1`, `Host: ${hostOf(this.#target)}`]
    if (body !== null) lines.push(`Content-Length: ${body.length}`)
    if (isLast) lines.push('Connection: close')
    return { path, head: `${lines.join('\r\n')}\r\n\r\n`, body, expected }
  }

  #record(mode: LoadMode, connection: LoadConnection, requests: readonly LoadRequest[], outcomes: readonly Outcome[]) {
    const { answered, server, localPort } = connection
    const atMonotonicMs = monotonicMs()
    const at = { atMs: atMonotonicMs - this.#startedAt, atMonotonicMs }
    for (const [index, { failure, afterMs }] of outcomes.entries()) {
      const request = requests[index]!.path
      if (failure === null) this.#count.addAnswer(mode, afterMs)
      else this.#count.addFailure({ ...failure, mode, request, localPort, answered, server, afterMs, ...at })
    }
  }
}

interface Upload {
  readonly body: Buffer
  /** SHA-256, as the server answers it. */
  readonly hash: string
}

let uploads = 0

/** Each client sends bytes of its own, so that no two can be mixed up. */
function createUpload(): Upload {
  const body = Buffer.alloc(UPLOAD_BYTES, `upload ${uploads++}\n`)
  return { body, hash: createHash('sha256').update(body).digest('hex') }
}

function hostOf(target: LoadTarget): string {
  if ('path' in target) return 'localhost'
  return `${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`
}

/** Begins at once; ends with `stop`, which has to be called. */
export function startLoad(target: LoadTarget, options: LoadOptions = {}): Load {
  return new Load(target, options)
}

/** While `work` goes on and a moment longer. @returns the report, whose requests were all answered */
export async function underLoad(
  target: LoadTarget,
  work: (load: Load) => Promise<void>,
  options?: LoadOptions,
): Promise<LoadReport> {
  const load = startLoad(target, options)
  try {
    await load.awaitRequests()
    await work(load)
    await load.awaitRequests()
  } finally {
    await load.stop()
  }
  assertNoneFailed(load.report)
  return load.report
}

export function assertNoneFailed(report: LoadReport): void {
  assert.equal(report.failed, 0, describeReport(report))
}
