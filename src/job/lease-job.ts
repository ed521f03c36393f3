/** Jobs going to workers and coming back: due, take, finish, release, attach, and a worker that is gone. */
import type { GoneWorker, WorkerId } from '../protocol.ts'
import type { Job } from '../service/define-service.ts'
import { applyEvent, type Books, type JobRow, readJob } from './books.ts'
import { forgetHandledTypes, noteHandledTypes } from './handled-types.ts'
import type { JobEvent } from './job.ts'
import { toJob } from './job-view.ts'
import { readRows } from './read-row.ts'
import type { Lease, RunReport } from './wire.ts'

/** Jobs that become ready in one transaction; the rest in the next, so that no turn gets long. */
const DUE_LIMIT = 1000

/** An answer to `take` ends with the job that takes it over this size. */
const TAKE_LIMIT_BYTES = 1024 * 1024

export function makeDueReady(books: Books): void {
  if (books.counts.total('delayed') === 0) return
  const sql = `SELECT * FROM jobs INDEXED BY jobs_due WHERE state = 'delayed' AND due_at <= ? ORDER BY due_at LIMIT ${DUE_LIMIT}`
  const due = readRows(books.statement(sql), books.now) as unknown as JobRow[]
  for (const row of due) applyEvent(books, row, { type: 'due' })
}

/** When the next delayed job is due, milliseconds since 1970. */
export function readNextDueAt(books: Books): number | null {
  if (books.counts.total('delayed') === 0) return null
  const sql = `SELECT min(due_at) AS at FROM jobs INDEXED BY jobs_due WHERE state = 'delayed'`
  const [row] = readRows(books.statement(sql))
  return typeof row?.at === 'number' ? row.at : null
}

/** Reserves up to n jobs for the worker: highest priority first, then the oldest. */
export function takeJobs(books: Books, worker: WorkerId, types: ReadonlySet<string>, n: number): Job[] {
  const jobs: Job[] = []
  let bytes = 0
  for (const row of findReady(books, types, n)) {
    if (bytes > TAKE_LIMIT_BYTES) break
    applyEvent(books, row, { type: 'taken' }, { worker })
    jobs.push({ ...toJob(row), attempt: row.attempt + 1 })
    bytes += row.payload.length + row.command.length
  }
  return jobs
}

/** One query per type that has ready jobs, since an index answers that at once; then the best of all of them. */
function findReady(books: Books, types: ReadonlySet<string>, n: number): JobRow[] {
  const sql = `SELECT * FROM jobs WHERE state = 'ready' AND type = ? ORDER BY priority DESC, id LIMIT ?`
  const rows = books.counts
    .typesIn('ready')
    .filter((type) => types.has(type))
    .map((type) => readRows(books.statement(sql), type, n) as unknown as JobRow[])
  if (rows.length === 1) return rows[0] ?? []
  return rows
    .flat()
    .sort((a, b) => b.priority - a.priority || a.id - b.id)
    .slice(0, n)
}

/** Records how runs ended. Only the run that the job is reserved for counts. @returns ids that counted */
export function finishJobs(books: Books, worker: WorkerId, reports: readonly RunReport[]): number[] {
  return reports.filter((report) => finishJob(books, worker, report)).map((report) => report.job)
}

function finishJob(books: Books, worker: WorkerId, report: RunReport): boolean {
  const row = readLease(books, worker, report)
  if (row === undefined) return false
  applyEvent(
    books,
    row,
    { type: report.outcome },
    {
      exit_code: report.exitCode,
      signal: report.signal,
      duration_ms: report.durationMs,
      reason: report.reason,
      output: keepEnd(report.output, books.config.outputLimitBytes),
    },
  )
  return true
}

/** A worker bounds its output already; this is for clients that do not. */
function keepEnd(text: string, limit: number): string {
  return text.length <= limit ? text : text.slice(text.length - limit)
}

function readLease(books: Books, worker: WorkerId, lease: Lease): JobRow | undefined {
  const row = readJob(books, lease.job)
  return row !== undefined && row.worker === worker && row.attempt === lease.attempt ? row : undefined
}

/** Takes back jobs that the worker did not start. Those that are not its any more are left alone. */
export function releaseJobs(books: Books, worker: WorkerId, leases: readonly Lease[]): void {
  for (const lease of leases) {
    const row = readLease(books, worker, lease)
    if (row !== undefined) applyEvent(books, row, { type: 'released' })
  }
}

/**
 * A worker says what it holds: jobs it does not name never reached it and are taken back.
 * @returns drop: jobs that are not its (any more); cancel: jobs whose run is to be ended
 */
export function attachWorker(
  books: Books,
  worker: WorkerId,
  types: readonly string[],
  held: readonly Lease[],
): { drop: number[]; cancel: number[] } {
  noteHandledTypes(books, worker, types)
  const named = new Set(held.map((lease) => `${lease.job}:${lease.attempt}`))
  const cancel: number[] = []
  const kept = new Set<number>()
  for (const row of readHeld(books, worker)) {
    if (!named.has(`${row.id}:${row.attempt}`)) applyEvent(books, row, { type: 'released' })
    else kept.add(row.id)
    if (kept.has(row.id) && row.state === 'cancelling') cancel.push(row.id)
  }
  return { drop: held.map((lease) => lease.job).filter((id) => !kept.has(id)), cancel }
}

function readHeld(books: Books, worker: WorkerId): JobRow[] {
  return readRows(books.statement('SELECT * FROM jobs WHERE worker = ?'), worker) as unknown as JobRow[]
}

/** Takes back everything that a worker held which is gone, its commands too. */
export function endWorker(books: Books, gone: GoneWorker): void {
  forgetHandledTypes(books, gone.worker)
  for (const row of readHeld(books, gone.worker)) {
    const event: JobEvent = { type: 'lost', charged: gone.charged.includes(row.id) }
    applyEvent(books, row, event, event.charged ? { reason: `worker ${gone.worker} died while running it` } : {})
  }
}

/** Workers that have jobs. */
export function readWorkers(books: Books): WorkerId[] {
  const rows = books.statement('SELECT DISTINCT worker FROM jobs WHERE worker IS NOT NULL').all()
  return rows.map((row) => String(row.worker))
}
