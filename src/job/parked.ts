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

interface Waiting extends Pending {
  /** Jobs that are not final yet. */
  readonly left: Set<number>
}

export class Parked {
  readonly #takes = new Set<Pending>()
  readonly #waitsForAll = new Set<Pending>()
  /** By each job that is waited for. */
  readonly #waits = new Map<number, Set<Waiting>>()

  /** @param unfinished for `wait` the jobs it waits for, null for `waitAll`, undefined for `take` */
  park({ connection, request }: Pending, unfinished: readonly number[] | null | undefined): void {
    if (unfinished === undefined) this.#takes.add({ connection, request })
    else if (unfinished === null) this.#waitsForAll.add({ connection, request })
    else this.#parkWait({ connection, request, left: new Set(unfinished) })
  }

  /** Takes out the `take` requests that may find a job now. */
  unparkTakes(hasReady: (types: ReadonlySet<string>) => boolean): Pending[] {
    return takeOut(this.#takes, (pending) => hasReady(pending.connection.types))
  }

  /** Takes out the `wait` requests whose last job is among these, and every `waitAll` if any job is. */
  unparkWaits(finished: readonly number[]): Pending[] {
    if (finished.length === 0) return []
    const done = finished.flatMap((id) => this.#finishWaits(id))
    return [...takeOut(this.#waitsForAll, () => true), ...done]
  }

  /** Takes out the `take` of a connection. */
  removeTakes(connection: Connection): Pending[] {
    return takeOut(this.#takes, (pending) => pending.connection === connection)
  }

  /** Forgets what a closed connection waited for. */
  forget(connection: Connection): void {
    const isOfIt = (pending: Pending): boolean => pending.connection === connection
    takeOut(this.#takes, isOfIt)
    takeOut(this.#waitsForAll, isOfIt)
    for (const [id, waits] of this.#waits) {
      takeOut(waits, isOfIt)
      if (waits.size === 0) this.#waits.delete(id)
    }
  }

  #parkWait(waiting: Waiting): void {
    for (const id of waiting.left) {
      const waits = this.#waits.get(id)
      if (waits === undefined) this.#waits.set(id, new Set([waiting]))
      else waits.add(waiting)
    }
  }

  /** @returns the waits for which this was the last job */
  #finishWaits(id: number): Pending[] {
    const waits = [...(this.#waits.get(id) ?? [])]
    this.#waits.delete(id)
    return waits.filter(({ left }) => left.delete(id) && left.size === 0)
  }
}

function takeOut<T extends Pending>(set: Set<T>, isTaken: (pending: T) => boolean): T[] {
  const taken = [...set].filter(isTaken)
  for (const pending of taken) set.delete(pending)
  return taken
}
