/**
 * How many jobs are in which state, by type: in memory, and in the table `counts` as of each commit. Changes within a
 * transaction are kept apart until it is committed, so that one that is rolled back leaves no trace.
 */
import type { DatabaseSync } from 'node:sqlite'
import { JOB_STATES, type JobState } from './job.ts'
import type { JobStats } from './wire.ts'

type ByState = Map<JobState, number>

export interface Counts {
  /** Within a transaction: `by` jobs more (or less) of this type are in this state. */
  add(type: string, state: JobState, by: number): void
  /** Jobs of the type in the state, changes of the open transaction included. */
  of(type: string, state: JobState): number
  total(state: JobState): number
  /** Types that have jobs in the state. */
  typesIn(state: JobState): string[]
  byType(): JobStats['types']
  /** Writes the changes to the table; the last step before COMMIT. */
  write(): void
  /** After COMMIT. */
  keep(): void
  /** After ROLLBACK. */
  discard(): void
}

export function createCounts(database: DatabaseSync): Counts {
  const counts = readCounts(database)
  const changes = new Map<string, ByState>()
  const write = database.prepare(
    'INSERT INTO counts (type, state, n) VALUES (?, ?, ?) ON CONFLICT (type, state) DO UPDATE SET n = excluded.n',
  )
  const change = (type: string, state: JobState, by: number): void => {
    increase(counts, type, state, by)
    increase(changes, type, state, by)
  }
  const forEachChange = (visit: (type: string, state: JobState, by: number) => void): void => {
    for (const [type, states] of changes) for (const [state, by] of states) if (by !== 0) visit(type, state, by)
  }
  const of = (type: string, state: JobState): number => counts.get(type)?.get(state) ?? 0
  return {
    add: change,
    of,
    total: (state) => [...counts.keys()].reduce((sum, type) => sum + of(type, state), 0),
    typesIn: (state) => [...counts.keys()].filter((type) => of(type, state) > 0),
    byType: () => toRecord(counts),
    write: () => forEachChange((type, state) => write.run(type, state, of(type, state))),
    keep: () => changes.clear(),
    discard() {
      forEachChange((type, state, by) => increase(counts, type, state, -by))
      changes.clear()
    },
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
