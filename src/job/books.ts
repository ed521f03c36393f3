/** The jobs table and what goes with it, as the operations of the store use them: always within a transaction. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { WorkerId } from '../protocol.ts'
import { Counts } from './counts.ts'
import { isFinal, type JobEvent, type JobState, transition } from './job.ts'
import type { JobConfig } from './job-config.ts'
import { readRows } from './read-row.ts'
import { retryDelayMs } from './retry.ts'
import { DURATION_LIMIT_MS } from './wire.ts'

/** A row of the table `jobs`, as it is stored. */
export interface JobRow {
  readonly id: number
  readonly type: string
  readonly state: JobState
  readonly priority: number
  readonly key: string | null
  readonly payload: string
  readonly command: string
  readonly directory: string
  readonly umask: number
  readonly attempts: number
  readonly timeout_ms: number
  readonly attempt: number
  readonly failures: number
  readonly deaths: number
  readonly added_at: number
  readonly due_at: number
  readonly taken_at: number | null
  readonly finished_at: number | null
  readonly worker: string | null
  readonly exit_code: number | null
  readonly signal: string | null
  readonly duration_ms: number | null
  readonly reason: string
  readonly output: string
}

/** What a transaction led to beyond its answers. */
export interface Consequences {
  /** Jobs that reached a final state. */
  readonly finished: number[]
  /** Runs to be ended. */
  readonly cancelled: { readonly worker: string; readonly job: number }[]
}

export interface Books {
  readonly database: DatabaseSync
  readonly counts: Counts
  /** Types that each worker runs which has said so. */
  readonly handled: Map<WorkerId, readonly string[]>
  config: JobConfig
  /** Wall clock of the open transaction, milliseconds. */
  now: number
  consequences: Consequences
  /** From 0 to 1, for the jitter of retries. */
  readonly random: () => number
  /** The statement of this text, prepared once. */
  statement(sql: string): StatementSync
}

export function openBooks(database: DatabaseSync, config: JobConfig, random: () => number): Books {
  const prepared = new Map<string, StatementSync>()
  return {
    database,
    counts: new Counts(database),
    handled: new Map(),
    config,
    now: 0,
    consequences: { finished: [], cancelled: [] },
    random,
    statement(sql) {
      let statement = prepared.get(sql)
      if (statement === undefined) {
        statement = database.prepare(sql)
        prepared.set(sql, statement)
      }
      return statement
    },
  }
}

export function readJob(books: Books, id: number): JobRow | undefined {
  return readRows(books.statement('SELECT * FROM jobs WHERE id = ?'), id)[0] as unknown as JobRow | undefined
}

/** What a run leaves behind in its job. */
export type RunFields = Partial<Pick<JobRow, 'worker' | 'exit_code' | 'signal' | 'duration_ms' | 'reason' | 'output'>>

/**
 * Applies an event to a job and writes what came of it.
 * @returns the state it is in now, or null when the event means nothing to it: then nothing was written.
 */
export function applyEvent(books: Books, row: JobRow, event: JobEvent, fields: RunFields = {}): JobState | null {
  const { state, attempt, attempts, failures, deaths } = row
  const after = transition({ state, attempt, attempts, failures, deaths }, event)
  if (after === null) return null
  const dueAt =
    event.type === 'failed' && after.state === 'delayed' ? retryAt(books, row.type, after.failures) : row.due_at
  const final = isFinal(after.state)
  const held = after.state === 'reserved' || after.state === 'cancelling'
  const { worker = row.worker, exit_code = row.exit_code, signal = row.signal, duration_ms = row.duration_ms } = fields
  const { reason = row.reason, output = row.output } = fields
  books
    .statement(
      `UPDATE jobs SET state = ?, attempt = ?, failures = ?, deaths = ?, due_at = ?, taken_at = ?, finished_at = ?,
       worker = ?, exit_code = ?, signal = ?, duration_ms = ?, reason = ?, output = ? WHERE id = ?`,
    )
    .run(
      after.state,
      after.attempt,
      after.failures,
      after.deaths,
      dueAt,
      event.type === 'taken' ? books.now : row.taken_at,
      final ? books.now : null,
      held ? worker : null,
      exit_code,
      signal,
      duration_ms,
      reason,
      output,
      row.id,
    )
  books.counts.add(row.type, row.state, -1)
  books.counts.add(row.type, after.state, 1)
  if (final) books.consequences.finished.push(row.id)
  if (after.state === 'cancelling' && row.worker !== null) {
    books.consequences.cancelled.push({ worker: row.worker, job: row.id })
  }
  return after.state
}

function retryAt(books: Books, type: string, failures: number): number {
  const { config } = books
  const baseMs = config.types[type]?.retryDelayMs ?? config.retryDelayMs
  const longestMs = Math.min(config.retryDelayMaxMs, DURATION_LIMIT_MS)
  return books.now + retryDelayMs(failures, baseMs, longestMs, books.random())
}
