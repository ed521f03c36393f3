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

export interface WorkerTable {
  /** The connection is this worker's from now on; an earlier one of it is not any more. @throws Refusal superseded */
  attach(connection: Connection, worker: WorkerId, types: readonly string[]): void
  /** @throws Refusal not-attached, superseded */
  require(connection: Connection): void
  closed(connection: Connection): void
  tell(worker: WorkerId, event: object): void
  /** Reads what the worker left in its socket, then has its leases go back. */
  end(gone: GoneWorker): void
  close(): void
}

export function createWorkerTable(loop: Pick<TurnLoop, 'endWorker'>): WorkerTable {
  const connections = new Map<WorkerId, Connection>()
  const ending = new Map<WorkerId, { readonly gone: GoneWorker; readonly timer: NodeJS.Timeout }>()
  const ended = new Set<WorkerId>()

  const finish = (worker: WorkerId): void => {
    const entry = ending.get(worker)
    if (entry === undefined) return
    clearTimeout(entry.timer)
    ending.delete(worker)
    remember(ended, worker)
    loop.endWorker(entry.gone)
  }
  const finishWithin = (gone: GoneWorker, timeoutMs: number): void => {
    clearTimeout(ending.get(gone.worker)?.timer)
    ending.set(gone.worker, { gone, timer: setTimeout(finish, timeoutMs, gone.worker) })
  }
  return {
    attach(connection, worker, types) {
      if (ended.has(worker)) throw new Refusal('superseded', `worker ${worker} is gone`)
      const before = connections.get(worker)
      if (before !== undefined && before !== connection) before.worker = null
      connection.worker = worker
      connection.types = new Set(types)
      connections.set(worker, connection)
      const entry = ending.get(worker)
      if (entry !== undefined) finishWithin(entry.gone, LAST_WORDS_MS)
    },
    require({ worker, types }) {
      if (worker !== null) return
      if (types.size > 0) throw new Refusal('superseded', 'this worker has another connection')
      throw new Refusal('not-attached', 'say who you are with `attach` first')
    },
    closed(connection) {
      const { worker } = connection
      if (worker === null || connections.get(worker) !== connection) return
      connections.delete(worker)
      finish(worker)
    },
    tell(worker, event) {
      const connection = connections.get(worker)
      connection?.tell(event)
      connection?.flush()
    },
    end: (gone) => finishWithin(gone, connections.has(gone.worker) ? LAST_WORDS_MS : FIRST_WORDS_MS),
    close() {
      for (const { timer } of ending.values()) clearTimeout(timer)
    },
  }
}

function remember(ended: Set<WorkerId>, worker: WorkerId): void {
  ended.add(worker)
  if (ended.size <= GONE_LIMIT) return
  const [oldest] = ended
  if (oldest !== undefined) ended.delete(oldest)
}
