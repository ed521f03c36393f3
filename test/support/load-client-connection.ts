/**
 * One connection of a load client: a batch of requests is written at once, and each of them has exactly one outcome.
 * Raw TCP, because Node's own client tries again by itself, cannot pipeline, and calls several ways to fail by one name.
 */
import { connect, type Socket } from 'node:net'
import { monotonicMicroseconds } from '../../src/clock.ts'
import { errnoOf } from '../../src/errors.ts'
import { type Answer, AnswerParser, MalformedAnswer } from './load-client-answer.ts'
import type { Failure, FailureKind } from './load-client-report.ts'

export type LoadTarget = { readonly host: string; readonly port: number } | { readonly path: string }

export interface LoadRequest {
  readonly path: string
  readonly head: string
  /** Sent in parts, with a moment between them. */
  readonly body: Buffer | null
  /** What the answer has to be; null for anything. */
  readonly expected: string | null
}

/** Of one request. `afterMs` since its batch was begun. */
export interface Outcome {
  readonly failure: Failure | null
  readonly afterMs: number
}

const PART_BYTES = 64 * 1024
/** The header by which a server says which process it is. */
const SERVER_HEADER = 'x-pid'

interface Batch {
  readonly requests: readonly LoadRequest[]
  readonly outcomes: Outcome[]
  readonly startedAt: number
  readonly done: (outcomes: readonly Outcome[]) => void
  readonly timer: NodeJS.Timeout
}

export class LoadConnection {
  answered = 0
  /** Who gave the last answer. */
  server: string | null = null
  localPort: number | null = null
  readonly #socket: Socket
  readonly #parser = new AnswerParser()
  readonly #openedAt = nowMs()
  #batch: Batch | null = null
  #failure: Failure | null = null
  #isClosing = false
  #isConnected = false

  constructor(target: LoadTarget) {
    this.#socket = connect(target).setNoDelay()
    this.#socket.on('connect', () => {
      this.#isConnected = true
      this.localPort = this.#socket.localPort ?? null
    })
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    this.#socket.on('error', (error) => this.#end({ kind: this.#kindOf(error), detail: error.message }))
    this.#socket.on('end', () => this.#end(this.#closed()))
    this.#socket.on('close', () => this.#end(this.#closed()))
  }

  /** Another request can be sent on it: it did not fail, and the server did not say that it closes it. */
  get isUsable(): boolean {
    return this.#failure === null && !this.#isClosing
  }

  /** The server closed it in order between two requests, and this is known before the next is sent. */
  get wasClosedIdle(): boolean {
    return this.#batch === null && this.answered > 0 && this.#failure?.kind === 'closed'
  }

  /** @param timeoutMs from the beginning, the connecting included @returns one outcome for each request */
  exchange(requests: readonly LoadRequest[], timeoutMs: number): Promise<readonly Outcome[]> {
    const startedAt = this.answered === 0 ? this.#openedAt : nowMs()
    return new Promise((done) => {
      const timer = setTimeout(() => this.#expire(timeoutMs), timeoutMs - (nowMs() - startedAt))
      this.#batch = { requests, outcomes: [], startedAt, done, timer }
      if (this.#failure !== null) return this.#fail(this.#failure)
      this.#socket.write(requests.map(({ head }) => head).join(''))
      for (const { body } of requests) if (body !== null) this.#writePart(body, 0)
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #writePart(body: Buffer, from: number): void {
    if (from >= body.length || this.#failure !== null) return
    const next = () => setImmediate(() => this.#writePart(body, from + PART_BYTES))
    this.#socket.write(body.subarray(from, from + PART_BYTES), next)
  }

  #receive(chunk: Buffer): void {
    try {
      for (const answer of this.#parser.push(chunk)) this.#take(answer)
    } catch (error) {
      if (!(error instanceof MalformedAnswer)) throw error
      this.#end({ kind: 'malformed', detail: error.message })
    }
  }

  #take(answer: Answer): void {
    const request = this.#batch?.requests[this.#batch.outcomes.length]
    if (this.#batch === null || request === undefined) throw new MalformedAnswer('an answer that nobody asked for')
    this.#settle(this.#batch, judge(request, answer))
    this.answered++
    this.server = answer.headers.get(SERVER_HEADER) ?? null
    if (answer.headers.get('connection')?.toLowerCase() !== 'close') return
    this.#isClosing = true
    const unanswered = this.#batch ? this.#batch.requests.length - this.#batch.outcomes.length : 0
    if (unanswered > 0) this.#fail({ kind: 'closed', detail: `Connection: close before ${unanswered} more answers` })
  }

  #settle(batch: Batch, failure: Failure | null): void {
    batch.outcomes.push({ failure, afterMs: nowMs() - batch.startedAt })
    if (batch.outcomes.length < batch.requests.length) return
    clearTimeout(batch.timer)
    this.#batch = null
    batch.done(batch.outcomes)
  }

  /** Every request without an answer fails alike. */
  #fail(failure: Failure): void {
    while (this.#batch !== null) this.#settle(this.#batch, failure)
  }

  #end(failure: Failure): void {
    this.#failure ??= failure
    this.#fail(this.#failure)
    this.#socket.destroy()
  }

  /** What has come but was not read yet has come in time: a test process that stood still is no server that hangs. */
  #expire(timeoutMs: number): void {
    const late = this.#batch
    const detail = `no answer within ${timeoutMs} ms, ${this.#isConnected ? 'connected' : 'not connected'}`
    const look = (turns: number): void => {
      if (this.#batch !== late) return
      if (turns === 0) this.#end({ kind: 'hang', detail })
      else setImmediate(look, turns - 1)
    }
    look(2)
  }

  #closed(): Failure {
    const { pendingBytes } = this.#parser
    if (pendingBytes > 0) return { kind: 'short', detail: `closed after ${pendingBytes} bytes of the answer` }
    return { kind: 'closed', detail: 'closed before the answer' }
  }

  #kindOf(error: Error): FailureKind {
    if (!this.#isConnected) return errnoOf(error) === 'ETIMEDOUT' ? 'hang' : 'refused'
    return 'reset'
  }
}

function judge({ expected }: LoadRequest, { status, body }: Answer): Failure | null {
  if (status !== 200) return { kind: 'status', detail: `status ${status}: ${JSON.stringify(body.slice(0, 200))}` }
  if (expected === null || body === expected) return null
  return { kind: 'wrong-body', detail: `${JSON.stringify(body.slice(0, 80))} instead of ${JSON.stringify(expected)}` }
}

function nowMs(): number {
  return monotonicMicroseconds() / 1000
}
