/**
 * The database of the job store: one table of jobs, one of counts, and two small ones.
 *
 * FORMAT_VERSION is kept in `PRAGMA user_version`. To change the format: raise it, add the statements that lead from
 * the version before to MIGRATIONS, never edit an entry that was released. A newer version is refused, since what it
 * means is unknown here; an older one is brought up in one transaction when it is opened.
 *
 * Counts are a table, brought up to date within each transaction, because jobs that are done stay: counting them by
 * an index would take longer every day. The partial indices hold only the jobs that wait or run, so that taking one
 * of a million costs what taking one of ten costs; `jobs_by_state` serves lists. SQLite without
 * statistics takes that one for too much, hence INDEXED BY in some queries.
 */
import { closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { MydError, messageOf } from '../errors.ts'

export const FORMAT_VERSION = 1

/** `myd` and a zero byte: tells our database from another program's. */
const APPLICATION_ID = 0x6d_79_64_00

const FORMAT_1 = `
CREATE TABLE jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  type TEXT NOT NULL,
  state TEXT NOT NULL,
  priority INTEGER NOT NULL,
  key TEXT,
  payload TEXT NOT NULL,
  command TEXT NOT NULL,            -- argv as JSON
  directory TEXT NOT NULL,
  umask INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  timeout_ms INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  deaths INTEGER NOT NULL,
  added_at INTEGER NOT NULL,        -- times: milliseconds since 1970
  due_at INTEGER NOT NULL,
  taken_at INTEGER,
  finished_at INTEGER,
  worker TEXT,
  exit_code INTEGER,
  signal TEXT,
  duration_ms INTEGER,
  reason TEXT NOT NULL,
  output TEXT NOT NULL
) STRICT;
CREATE INDEX jobs_ready ON jobs (type, priority DESC, id) WHERE state = 'ready';
CREATE INDEX jobs_due ON jobs (due_at) WHERE state = 'delayed';
CREATE INDEX jobs_retrying ON jobs (id) WHERE state = 'delayed' AND attempt > 0;
CREATE INDEX jobs_held ON jobs (worker) WHERE worker IS NOT NULL;
CREATE UNIQUE INDEX jobs_key ON jobs (key)
  WHERE key IS NOT NULL AND state IN ('delayed', 'ready', 'reserved', 'cancelling');
CREATE INDEX jobs_by_state ON jobs (state, type, id);
CREATE TABLE counts (
  type TEXT NOT NULL, state TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (type, state)
) STRICT, WITHOUT ROWID;
CREATE TABLE handled_types (type TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE receipts (token TEXT PRIMARY KEY, ids TEXT NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX receipts_at ON receipts (at);
`

/** The statements that lead from version n to n + 1, at index n. */
const MIGRATIONS: readonly string[] = [FORMAT_1]

/** Opens the database, creates it when there is none. @throws MydError CHECK_FAILED when it cannot be used, saying why */
export function openDatabase(path: string): DatabaseSync {
  const database = openFile(path)
  try {
    prepareDatabase(database, path)
    return database
  } catch (error) {
    database.close()
    throw error instanceof MydError ? error : unusable(path, error)
  }
}

function openFile(path: string): DatabaseSync {
  try {
    closeSync(openSync(path, 'a', 0o600)) // SQLite would create it readable by all; -wal and -shm take its mode
    return new DatabaseSync(path, { timeout: 5000 })
  } catch (error) {
    throw unusable(path, error)
  }
}

function prepareDatabase(database: DatabaseSync, path: string): void {
  const version = readPragma(database, 'user_version')
  refuseForeign(database, path, version)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864')
  if (version === FORMAT_VERSION) return
  database.exec('BEGIN IMMEDIATE')
  for (const statements of MIGRATIONS.slice(version)) database.exec(statements)
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT_VERSION}; COMMIT`)
}

function refuseForeign(database: DatabaseSync, path: string, version: number): void {
  const isEmpty = readPragma(database, 'schema_version') === 0
  if (!isEmpty && readPragma(database, 'application_id') !== APPLICATION_ID) {
    throw new MydError('CHECK_FAILED', `${path} is a database of another program`, {
      path,
      hint: 'Name another state directory, or move the file away.',
    })
  }
  if (version > FORMAT_VERSION) {
    throw new MydError('CHECK_FAILED', `${path} has format ${version}, this version reads up to ${FORMAT_VERSION}`, {
      path,
      hint: 'Use the version that wrote it, or a newer one.',
    })
  }
}

function readPragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name])
}

const SQLITE_CORRUPT = 11
const SQLITE_NOTADB = 26

function unusable(path: string, error: unknown): MydError {
  const code = sqliteCodeOf(error)
  if (code === SQLITE_CORRUPT || code === SQLITE_NOTADB) {
    return new MydError('CHECK_FAILED', `the job database ${path} is damaged: ${messageOf(error)}`, {
      cause: error,
      path,
      hint: 'Restore it from a backup or move it away; it is never replaced by itself.',
    })
  }
  return new MydError('CHECK_FAILED', `the job database ${path} cannot be opened: ${messageOf(error)}`, {
    cause: error,
    path,
  })
}

/** The primary result code of SQLite in an error of node:sqlite, or undefined. See sqlite.org/rescode.html. */
export function sqliteCodeOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return undefined
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined
}
