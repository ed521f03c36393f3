/**
 * Requests that wait for something to answer: `take` for a ready job, `wait` for jobs to be final, `waitAll` for all
 * to be done. They are held in the order they came and asked again in a turn in which their answer may have come.
 */
import type { Connection } from './connection.ts'
import type { Request } from './parse-request.ts'

export interface Pending {
  readonly connection: Connection
  readonly request: Request
}

export interface Parked {
  /** @param unfinished for `wait` the jobs it waits for, null for `waitAll`, undefined for `take` */
  park(pending: Pending, unfinished: readonly number[] | null | undefined): void
  /** Takes out the `take` requests that may find a job now. */
  unparkTakes(hasReady: (types: ReadonlySet<string>) => boolean): Pending[]
  /** Takes out the `wait` requests whose last job is among these, and every `waitAll` if any job is. */
  unparkWaits(finished: readonly number[]): Pending[]
  /** Takes out the `take` of a connection. */
  removeTakes(connection: Connection): Pending[]
  /** Forgets what a closed connection waited for. */
  forget(connection: Connection): void
}

interface Waiting extends Pending {
  readonly left: Set<number>
}

export function createParked(): Parked {
  const takes = new Set<Pending>()
  const waitsForAll = new Set<Pending>()
  const waits = new Map<number, Set<Waiting>>()
  const forgetWait = (waiting: Waiting): void => {
    for (const id of waiting.left) removeFrom(waits, id, waiting)
  }
  return {
    park(pending, unfinished) {
      if (unfinished === undefined) takes.add(pending)
      else if (unfinished === null) waitsForAll.add(pending)
      else parkWait(waits, { ...pending, left: new Set(unfinished) })
    },
    unparkTakes: (hasReady) => takeOut(takes, (pending) => hasReady(pending.connection.types)),
    unparkWaits(finished) {
      if (finished.length === 0) return []
      return [...takeOut(waitsForAll, () => true), ...finished.flatMap((id) => finishWaits(waits, id))]
    },
    removeTakes: (connection) => takeOut(takes, (pending) => pending.connection === connection),
    forget(connection) {
      for (const set of [takes, waitsForAll]) takeOut(set, (pending) => pending.connection === connection)
      const waiting = [...waits.values()].flatMap((set) => [...set])
      for (const wait of waiting) if (wait.connection === connection) forgetWait(wait)
    },
  }
}

function takeOut(set: Set<Pending>, isTaken: (pending: Pending) => boolean): Pending[] {
  const taken = [...set].filter(isTaken)
  for (const pending of taken) set.delete(pending)
  return taken
}

function parkWait(waits: Map<number, Set<Waiting>>, waiting: Waiting): void {
  for (const id of waiting.left) {
    const set = waits.get(id)
    if (set === undefined) waits.set(id, new Set([waiting]))
    else set.add(waiting)
  }
}

/** @returns the waits for which this was the last job */
function finishWaits(waits: Map<number, Set<Waiting>>, id: number): Pending[] {
  const done: Pending[] = []
  for (const waiting of waits.get(id) ?? []) {
    waiting.left.delete(id)
    if (waiting.left.size === 0) done.push(waiting)
  }
  waits.delete(id)
  return done
}

function removeFrom(waits: Map<number, Set<Waiting>>, id: number, waiting: Waiting): void {
  const set = waits.get(id)
  set?.delete(waiting)
  if (set?.size === 0) waits.delete(id)
}
