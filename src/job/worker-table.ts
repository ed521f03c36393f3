/** Which connection is which worker's, and the order in which a worker comes to its end. */
import type { GoneWorker, WorkerId } from '../protocol.ts'
import type { Connection } from './connection.ts'
import type { TurnLoop } from './turn.ts'
import { Refusal } from './wire.ts'

/** A worker that is gone has written its last: this long may it take to read that. */
const LAST_WORDS_MS = 1000
/** A worker that went may have connected to a store that only just started: its connection is waited for. */
const FIRST_WORDS_MS = 100
/** Workers remembered as gone, so that what they sent before is not taken for a new worker. */
const GONE_LIMIT = 4096

interface Ending {
  readonly gone: GoneWorker
  readonly timer: NodeJS.Timeout
}

export class WorkerTable {
  readonly #loop: Pick<TurnLoop, 'endWorker'>
  readonly #connections = new Map<WorkerId, Connection>()
  readonly #ending = new Map<WorkerId, Ending>()
  readonly #ended = new Set<WorkerId>()

  constructor(loop: Pick<TurnLoop, 'endWorker'>) {
    this.#loop = loop
  }

  /** The connection is this worker's from now on; an earlier one of it is not any more. @throws Refusal superseded */
  attach(connection: Connection, worker: WorkerId, types: readonly string[]): void {
    if (this.#ended.has(worker)) throw new Refusal('superseded', `worker ${worker} is gone`)
    const before = this.#connections.get(worker)
    if (before !== undefined && before !== connection) before.worker = null
    connection.worker = worker
    connection.types = new Set(types)
    this.#connections.set(worker, connection)
    const ending = this.#ending.get(worker)
    if (ending !== undefined) this.#finishWithin(ending.gone, LAST_WORDS_MS)
  }

  /** @throws Refusal not-attached, superseded */
  require({ worker, types }: Connection): void {
    if (worker !== null) return
    if (types.size > 0) throw new Refusal('superseded', 'this worker has another connection')
    throw new Refusal('not-attached', 'say who you are with `attach` first')
  }

  closed(connection: Connection): void {
    const { worker } = connection
    if (worker === null || this.#connections.get(worker) !== connection) return
    this.#connections.delete(worker)
    this.#finish(worker)
  }

  tell(worker: WorkerId, event: object): void {
    const connection = this.#connections.get(worker)
    connection?.tell(event)
    connection?.flush()
  }

  /** Reads what the worker left in its socket, then has its leases go back. */
  end(gone: GoneWorker): void {
    this.#finishWithin(gone, this.#connections.has(gone.worker) ? LAST_WORDS_MS : FIRST_WORDS_MS)
  }

  close(): void {
    for (const { timer } of this.#ending.values()) clearTimeout(timer)
  }

  #finishWithin(gone: GoneWorker, timeoutMs: number): void {
    clearTimeout(this.#ending.get(gone.worker)?.timer)
    const timer = setTimeout(() => this.#finish(gone.worker), timeoutMs)
    this.#ending.set(gone.worker, { gone, timer })
  }

  #finish(worker: WorkerId): void {
    const ending = this.#ending.get(worker)
    if (ending === undefined) return
    clearTimeout(ending.timer)
    this.#ending.delete(worker)
    this.#remember(worker)
    this.#loop.endWorker(ending.gone)
  }

  #remember(worker: WorkerId): void {
    this.#ended.add(worker)
    const [oldest] = this.#ended
    if (this.#ended.size > GONE_LIMIT && oldest !== undefined) this.#ended.delete(oldest)
  }
}
