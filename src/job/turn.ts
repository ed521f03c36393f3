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
import { createParked, type Pending } from './parked.ts'
import type { Store, Task } from './store.ts'

/** Until the disk is tried again. */
const RETRY_MS = 1000
/** A timer for a wall-clock time is set anew this often, because that clock may be changed meanwhile. */
const LONGEST_TIMER_MS = 60_000

export interface TurnLoop {
  /** Has a request run in the next turn. */
  ask(pending: Pending): void
  /** Has the leases of a worker go back in the next turn. */
  endWorker(gone: GoneWorker): void
  /** Answers the waiting `take` of a connection with no jobs. */
  stopTaking(connection: Connection): void
  /** The connection is closed: what it waits for is forgotten. */
  forget(connection: Connection): void
  /** A turn now: at the start for what is due, at the end for what is still asked. */
  run(): void
  /** No turn after this. */
  close(): void
}

export interface TurnEvents {
  /** A run is to be ended. */
  onCancelled(worker: string, job: number): void
  /** The disk failed (once per bout), or works again (null). */
  onStorage(message: string | null): void
}

export function createTurnLoop(store: Store, events: TurnEvents): TurnLoop {
  const parked = createParked()
  const asked: Pending[] = []
  const gone: GoneWorker[] = []
  let isScheduled = false
  let isClosed = false
  let storageError: string | null = null
  let timer: NodeJS.Timeout | undefined

  const schedule = (): void => {
    if (isScheduled || isClosed) return
    isScheduled = true
    setImmediate(run)
  }
  const run = (): void => {
    isScheduled = false
    if (isClosed) return
    clearTimeout(timer)
    runTurn(asked.splice(0), gone.splice(0))
    setTimer()
  }
  const runTurn = (requests: readonly Pending[], ended: readonly GoneWorker[]): void => {
    const takes: Pending[] = []
    const takeTasks = (): Task[] => {
      takes.push(...parked.unparkTakes(store.hasReady))
      return takes.map((take) => toTask(take, Math.ceil(store.countReady(take.connection.types) / takes.length)))
    }
    const tasks = [...requests.map((request) => toTask(request, 0)), ...ended.map(toGoneTask)]
    const turn = store.transact(tasks, takeTasks, wallMs())
    if (turn.storageError !== null) gone.push(...ended)
    noteStorage(turn.storageError)
    for (const [index, request] of requests.entries()) settle(request, turn.outcomes[index])
    for (const [index, take] of takes.entries()) settle(take, turn.outcomes[tasks.length + index])
    for (const { worker, job } of turn.cancelled) events.onCancelled(worker, job)
    asked.push(...parked.unparkWaits(turn.finished))
    for (const { connection } of [...requests, ...takes]) connection.flush()
  }
  /** @param outcome undefined for a `take` whose turn failed */
  const settle = (pending: Pending, outcome: Outcome = { kind: 'parked' }): void => {
    const { connection, request } = pending
    if (outcome.kind === 'answer') connection.answer(request.id, outcome.body)
    else if (outcome.kind === 'error') connection.refuse(request.id, outcome.error)
    else if (connection.isOpen()) parked.park(pending, outcome.unfinished)
  }
  const noteStorage = (message: string | null): void => {
    if (message !== storageError) events.onStorage(message)
    storageError = message
  }
  const setTimer = (): void => {
    if (isClosed) return
    if (storageError !== null) timer = setTimeout(run, RETRY_MS)
    else if (asked.length > 0) schedule()
    else {
      const dueAt = store.nextDueAt()
      if (dueAt !== null) timer = setTimeout(run, Math.min(Math.max(dueAt - wallMs(), 0), LONGEST_TIMER_MS))
    }
  }
  return {
    ask(pending) {
      if (pending.request.operation.op === 'take') parked.park(pending, undefined)
      else asked.push(pending)
      schedule()
    },
    endWorker(worker) {
      gone.push(worker)
      schedule()
    },
    stopTaking(connection) {
      for (const { request } of parked.removeTakes(connection)) connection.answer(request.id, { jobs: [] })
    },
    forget: parked.forget,
    run,
    close() {
      isClosed = true
      clearTimeout(timer)
    },
  }
}

function toTask({ connection, request }: Pending, share: number): Task {
  return { operation: request.operation, asker: { worker: connection.worker, types: connection.types, share } }
}

function toGoneTask(gone: GoneWorker): Task {
  return { operation: { op: 'gone', gone }, asker: STRANGER }
}
