/**
 * Batching: what all clients ask in one turn of the loop is one transaction, and is answered after its commit. So the
 * disk is waited for once per turn, however many jobs that are. Within a turn: first what was asked, in order; then
 * the workers that are gone, whose last results are among what was asked; then whoever waits for a job is served.
 *
 * When the disk fails, every write of the turn is refused, a `take` waits on, and another turn is tried after
 * RETRY_MS, since nobody may ask meanwhile.
 */
import { wallMs } from '../clock.ts'
import type { GoneWorker } from '../protocol.ts'
import type { Connection } from './connection.ts'
import { type Outcome, STRANGER } from './operation.ts'
import { Parked, type Pending } from './parked.ts'
import type { Store, Task } from './store.ts'

/** Until the disk is tried again. */
const RETRY_MS = 1000
/** A timer for a wall-clock time is set anew this often, because that clock may be changed meanwhile. */
const LONGEST_TIMER_MS = 60_000

export interface TurnEvents {
  /** A run is to be ended. */
  onCancelled(worker: string, job: number): void
  /** The disk failed (once per bout), or works again (null). */
  onStorage(message: string | null): void
}

export class TurnLoop {
  readonly #store: Store
  readonly #events: TurnEvents
  readonly #parked = new Parked()
  #asked: Pending[] = []
  #gone: GoneWorker[] = []
  #isScheduled = false
  #isClosed = false
  #storageError: string | null = null
  #timer: NodeJS.Timeout | undefined

  constructor(store: Store, events: TurnEvents) {
    this.#store = store
    this.#events = events
  }

  /** Has a request run in the next turn. */
  ask(pending: Pending): void {
    if (pending.request.operation.op === 'take') this.#parked.park(pending, undefined)
    else this.#asked.push(pending)
    this.#schedule()
  }

  /** Has the leases of a worker go back in the next turn. */
  endWorker(gone: GoneWorker): void {
    this.#gone.push(gone)
    this.#schedule()
  }

  /** Answers the waiting `take` of a connection with no jobs. */
  stopTaking(connection: Connection): void {
    for (const { request } of this.#parked.removeTakes(connection)) connection.answer(request.id, { jobs: [] })
  }

  /** The connection is closed: what it waits for is forgotten. */
  forget(connection: Connection): void {
    this.#parked.forget(connection)
  }

  /** A turn now: at the start for what is due, at the end for what is still asked. */
  run(): void {
    this.#isScheduled = false
    if (this.#isClosed) return
    clearTimeout(this.#timer)
    this.#runTurn(this.#asked.splice(0), this.#gone.splice(0))
    this.#setTimer()
  }

  /** No turn after this. */
  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isClosed) return
    this.#isScheduled = true
    setImmediate(() => this.run())
  }

  #runTurn(requests: readonly Pending[], gone: readonly GoneWorker[]): void {
    const takes: Pending[] = []
    const tasks = [...requests.map((request) => toTask(request, 0)), ...gone.map(toGoneTask)]
    const turn = this.#store.transact(tasks, () => this.#takeTasks(takes), wallMs())
    if (turn.storageError !== null) this.#gone.push(...gone)
    this.#noteStorage(turn.storageError)
    for (const [index, request] of requests.entries()) this.#settle(request, turn.outcomes[index])
    for (const [index, take] of takes.entries()) this.#settle(take, turn.outcomes[tasks.length + index])
    for (const { worker, job } of turn.cancelled) this.#events.onCancelled(worker, job)
    this.#asked.push(...this.#parked.unparkWaits(turn.finished))
    for (const { connection } of [...requests, ...takes]) connection.flush()
  }

  /** Those that wait for a job that is ready now, each with its even share. @param takes is filled with them */
  #takeTasks(takes: Pending[]): Task[] {
    takes.push(...this.#parked.unparkTakes((types) => this.#store.hasReady(types)))
    return takes.map((take) => {
      return toTask(take, Math.ceil(this.#store.countReady(take.connection.types) / takes.length))
    })
  }

  /** @param outcome undefined for a `take` whose turn failed */
  #settle(pending: Pending, outcome: Outcome = { kind: 'parked' }): void {
    const { connection, request } = pending
    if (outcome.kind === 'answer') connection.answer(request.id, outcome.body)
    else if (outcome.kind === 'error') connection.refuse(request.id, outcome.error)
    else if (connection.isOpen()) this.#parked.park(pending, outcome.unfinished)
  }

  #noteStorage(message: string | null): void {
    if (message !== this.#storageError) this.#events.onStorage(message)
    this.#storageError = message
  }

  #setTimer(): void {
    if (this.#isClosed) return
    if (this.#storageError === null && this.#asked.length > 0) return this.#schedule()
    const dueAt = this.#store.nextDueAt()
    const delayMs = dueAt === null ? null : Math.min(Math.max(dueAt - wallMs(), 0), LONGEST_TIMER_MS)
    const timerMs = this.#storageError === null ? delayMs : RETRY_MS
    if (timerMs !== null) this.#timer = setTimeout(() => this.run(), timerMs)
  }
}

function toTask({ connection, request }: Pending, share: number): Task {
  return { operation: request.operation, asker: { worker: connection.worker, types: connection.types, share } }
}

function toGoneTask(gone: GoneWorker): Task {
  return { operation: { op: 'gone', gone }, asker: STRANGER }
}
