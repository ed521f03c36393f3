/**
 * How many jobs are in which state, by type: in memory, and in the table `counts` as of each commit. Changes within a
 * transaction are kept apart until it is committed, so that one that is rolled back leaves no trace.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { JOB_STATES, type JobState } from './job.ts'
import type { JobStats } from './wire.ts'

type ByState = Map<JobState, number>

export class Counts {
  readonly #counts: Map<string, ByState>
  readonly #changes = new Map<string, ByState>()
  readonly #write: StatementSync

  constructor(database: DatabaseSync) {
    this.#counts = readCounts(database)
    this.#write = database.prepare(
      'INSERT INTO counts (type, state, n) VALUES (?, ?, ?) ON CONFLICT (type, state) DO UPDATE SET n = excluded.n',
    )
  }

  /** Within a transaction: `by` jobs more (or less) of this type are in this state. */
  add(type: string, state: JobState, by: number): void {
    increase(this.#counts, type, state, by)
    increase(this.#changes, type, state, by)
  }

  /** Jobs of the type in the state, changes of the open transaction included. */
  of(type: string, state: JobState): number {
    return this.#counts.get(type)?.get(state) ?? 0
  }

  total(state: JobState): number {
    let total = 0
    for (const states of this.#counts.values()) total += states.get(state) ?? 0
    return total
  }

  /** Types that have jobs in the state. */
  typesIn(state: JobState): string[] {
    return [...this.#counts.keys()].filter((type) => this.of(type, state) > 0)
  }

  byType(): JobStats['types'] {
    return toRecord(this.#counts)
  }

  /** Writes the changes to the table; the last step before COMMIT. */
  write(): void {
    for (const [type, states] of this.#changes) {
      for (const [state, by] of states) if (by !== 0) this.#write.run(type, state, this.of(type, state))
    }
  }

  /** After COMMIT. */
  keep(): void {
    this.#changes.clear()
  }

  /** After ROLLBACK. */
  discard(): void {
    for (const [type, states] of this.#changes) {
      for (const [state, by] of states) increase(this.#counts, type, state, -by)
    }
    this.#changes.clear()
  }
}

function readCounts(database: DatabaseSync): Map<string, ByState> {
  const counts = new Map<string, ByState>()
  for (const row of database.prepare('SELECT type, state, n FROM counts').all()) {
    increase(counts, String(row.type), row.state as JobState, Number(row.n))
  }
  return counts
}

function increase(counts: Map<string, ByState>, type: string, state: JobState, by: number): void {
  let states = counts.get(type)
  if (states === undefined) {
    states = new Map()
    counts.set(type, states)
  }
  states.set(state, (states.get(state) ?? 0) + by)
}

function toRecord(counts: Map<string, ByState>): JobStats['types'] {
  const types: Record<string, Partial<Record<JobState, number>>> = {}
  for (const [type, states] of counts) {
    const shown = JOB_STATES.filter((state) => (states.get(state) ?? 0) !== 0)
    if (shown.length > 0) types[type] = Object.fromEntries(shown.map((state) => [state, states.get(state) ?? 0]))
  }
  return types
}
