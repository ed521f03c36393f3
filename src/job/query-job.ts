/** Looking at jobs, and the two ways to change them from outside: cancel and retry. */
import { applyEvent, type Books, type JobRow, readJob } from './books.ts'
import { FINAL_STATES, isFinal, JOB_STATES, type JobEvent } from './job.ts'
import { toSummary, toView } from './job-view.ts'
import { readNextDueAt } from './lease-job.ts'
import { readRows } from './read-row.ts'
import { type IdResult, type JobStats, type JobView, type ListFilter, Refusal } from './wire.ts'

/** @throws Refusal not-found */
export function showJob(books: Books, id: number): JobView {
  const row = readJob(books, id)
  if (row === undefined) throw new Refusal('not-found', `there is no job ${id}`)
  return toView(row)
}

/** The newest first. One query per pair of state and type that has jobs, since an index answers that at once. */
export function listJobs(books: Books, filter: ListFilter): JobView[] {
  const sql = 'SELECT * FROM jobs WHERE state = ? AND type = ? AND id < ? ORDER BY id DESC LIMIT ?'
  const states = filter.state === undefined ? JOB_STATES : [filter.state]
  const rows = states.flatMap((state) =>
    books.counts
      .typesIn(state)
      .filter((type) => filter.type === undefined || type === filter.type)
      .flatMap((type) => {
        const before = filter.before ?? Number.MAX_SAFE_INTEGER
        return readRows(books.statement(sql), state, type, before, filter.limit) as unknown as JobRow[]
      }),
  )
  return rows
    .sort((a, b) => b.id - a.id)
    .slice(0, filter.limit)
    .map(toSummary)
}

export function readStats(books: Books): JobStats {
  const states = Object.fromEntries(JOB_STATES.map((state) => [state, books.counts.total(state)]))
  return { states: states as JobStats['states'], types: books.counts.byType(), nextDueAt: readNextDueAt(books) }
}

export function cancelJobs(books: Books, ids: readonly number[]): IdResult[] {
  return ids.map((id) => changeJob(books, id, { type: 'cancelled' }))
}

export function retryJobs(books: Books, ids: readonly number[]): IdResult[] {
  return ids.map((id) => changeJob(books, id, { type: 'retried' }))
}

function changeJob(books: Books, id: number, event: JobEvent): IdResult {
  const row = readJob(books, id)
  if (row === undefined) return { id, state: null, error: `there is no job ${id}` }
  if (event.type === 'retried' && isFinal(row.state) && isKeyTaken(books, row)) {
    return { id, state: null, error: `another unfinished job has the key ${row.key}` }
  }
  const state = applyEvent(books, row, event)
  return state === null ? { id, state: null, error: `job ${id} is ${row.state}` } : { id, state, error: null }
}

function isKeyTaken(books: Books, row: JobRow): boolean {
  if (row.key === null) return false
  const sql = `SELECT id FROM jobs WHERE key = ? AND state IN ('delayed', 'ready', 'reserved', 'cancelling')`
  return books.statement(sql).get(row.key) !== undefined
}

/** @returns how many were made ready */
export function retryBuried(books: Books): number {
  const ids = books.statement(`SELECT id FROM jobs WHERE state = 'buried' ORDER BY id`).all()
  const results = retryJobs(
    books,
    ids.map((row) => Number(row.id)),
  )
  return results.filter((result) => result.state !== null).length
}

/** The jobs when all of them are final, else the ids of those that are not. @throws Refusal not-found */
export function readFinished(books: Books, ids: readonly number[]): { unfinished: number[]; jobs: JobView[] } {
  const rows = ids.map((id) => {
    const row = readJob(books, id)
    if (row === undefined) throw new Refusal('not-found', `there is no job ${id}`)
    return row
  })
  const unfinished = rows.filter((row) => !FINAL_STATES.includes(row.state)).map((row) => row.id)
  return { unfinished, jobs: unfinished.length > 0 ? [] : rows.map(toSummary) }
}

/** Is nothing ready, reserved, or waiting for its next attempt? Jobs delayed by their author do not count. */
export function isAllDone(books: Books): boolean {
  const { counts } = books
  if (counts.total('ready') + counts.total('reserved') + counts.total('cancelling') > 0) return false
  if (counts.total('delayed') === 0) return true
  const sql = `SELECT id FROM jobs INDEXED BY jobs_retrying WHERE state = 'delayed' AND attempt > 0 LIMIT 1`
  return books.statement(sql).get() === undefined
}
