/** Adding jobs: what was not said is filled in, what is wrong is refused before anything is written. */
import { nearest } from '../settings/nearest.ts'
import { BUILT_IN_JOB_TYPES } from '../settings/table.ts'
import type { Books, JobRow } from './books.ts'
import { readHandledTypes } from './handled-types.ts'
import { type NewJob, Refusal } from './wire.ts'

/** Receipts are kept this long: who asks again does so within seconds. */
const RECEIPT_LIFE_MS = 600_000

/** @returns ids in the order of the jobs; for a key that an unfinished job has, that one's. @throws Refusal */
export function addJobs(books: Books, jobs: readonly NewJob[], token: string | undefined): number[] {
  const before = token === undefined ? undefined : readReceipt(books, token)
  if (before !== undefined) return before
  const types = knownTypes(books)
  for (const job of jobs) checkJob(books, job, types)
  const ids = jobs.map((job) => findByKey(books, job.key) ?? insertJob(books, job))
  if (token !== undefined) writeReceipt(books, token, ids)
  return ids
}

function checkJob(books: Books, job: NewJob, types: readonly string[] | null): void {
  const { payloadLimitBytes } = books.config
  const size = Buffer.byteLength(job.payload ?? '') + (job.command ?? []).reduce((sum, word) => sum + word.length, 0)
  if (size > payloadLimitBytes) {
    throw new Refusal('bad-request', `a job of ${size} bytes: the limit (jobs.payloadLimit) is ${payloadLimitBytes}`)
  }
  if (job.type === 'command' && (job.command ?? []).length === 0) {
    throw new Refusal('bad-request', 'a job of type command needs a command')
  }
  if (job.type !== 'command' && (job.command ?? []).length > 0) {
    throw new Refusal('bad-request', `a command is only for jobs of type command, not ${job.type}`)
  }
  if (types !== null && !types.includes(job.type)) {
    const near = nearest(job.type, types)
    const hint = near === null ? `Known are ${types.join(', ')}.` : `Did you mean ${near}?`
    throw new Refusal('unknown-type', `nothing here runs jobs of type ${job.type}`, hint)
  }
}

/** The types that something runs, or null as long as no worker ever told: then any may be right. */
function knownTypes(books: Books): string[] | null {
  const handled = readHandledTypes(books)
  if (handled === null) return null
  return [...new Set([...BUILT_IN_JOB_TYPES, ...Object.keys(books.config.types), ...handled])]
}

function findByKey(books: Books, key: string | undefined): number | undefined {
  if (key === undefined) return undefined
  const sql = `SELECT id FROM jobs WHERE key = ? AND state IN ('delayed', 'ready', 'reserved', 'cancelling')`
  return books.statement(sql).get(key)?.id as number | undefined
}

const INSERT = `INSERT INTO jobs (type, state, priority, key, payload, command, directory, umask, attempts, timeout_ms,
  attempt, failures, deaths, added_at, due_at, reason, output)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, ?, ?, '', '')`

function insertJob(books: Books, job: NewJob): number {
  const { config, now } = books
  const configured = config.types[job.type]
  const state: JobRow['state'] = (job.delayMs ?? 0) > 0 ? 'delayed' : 'ready'
  const { lastInsertRowid } = books
    .statement(INSERT)
    .run(
      job.type,
      state,
      job.priority ?? configured?.priority ?? 0,
      job.key ?? null,
      job.payload ?? '',
      JSON.stringify(job.command ?? []),
      job.directory ?? '/',
      job.umask ?? 0o027,
      job.attempts ?? configured?.attempts ?? config.attempts,
      job.timeoutMs ?? configured?.timeoutMs ?? config.timeoutMs,
      now,
      now + (job.delayMs ?? 0),
    )
  books.counts.add(job.type, state, 1)
  return Number(lastInsertRowid)
}

function readReceipt(books: Books, token: string): number[] | undefined {
  const row = books.statement('SELECT ids FROM receipts WHERE token = ?').get(token)
  return row === undefined ? undefined : (JSON.parse(String(row.ids)) as number[])
}

/** Those that nobody asks for any more are forgotten. */
function writeReceipt(books: Books, token: string, ids: readonly number[]): void {
  books.statement('DELETE FROM receipts WHERE at < ?').run(books.now - RECEIPT_LIFE_MS)
  books.statement('INSERT INTO receipts (token, ids, at) VALUES (?, ?, ?)').run(token, JSON.stringify(ids), books.now)
}
