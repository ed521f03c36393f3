/**
 * The job store: operations on the database, many in one transaction. It knows nothing of sockets, so that the store
 * process, --nofork and the command line without a daemon share it.
 *
 * Invariants
 * - What came of an operation is told only after COMMIT; with synchronous=FULL it is on the disk by then.
 * - A transaction that fails leaves neither the file nor anything in memory changed. Reading goes on without it.
 * - A job is reserved for one worker at a time; what a worker that is no longer the holder says of it counts nothing.
 */
import { wallMs } from '../clock.ts'
import { MydError, messageOf } from '../errors.ts'
import type { WorkerId } from '../protocol.ts'
import { type Books, type Consequences, openBooks } from './books.ts'
import type { JobConfig } from './job-config.ts'
import { endWorker, makeDueReady, readNextDueAt, readWorkers } from './lease-job.ts'
import { type Asker, isWrite, type Outcome, runOperation } from './operation.ts'
import { openDatabase, sqliteCodeOf } from './schema.ts'
import { type InnerOperation, type Operation, Refusal } from './wire.ts'

/** One operation of a transaction, and for whom. */
export interface Task {
  readonly operation: Operation | InnerOperation
  /** What the store knows of the one who asks. */
  readonly asker: Asker
}

export interface Turn extends Consequences {
  /** In the order of the tasks; those of `latecomers` only when the transaction was committed. */
  readonly outcomes: readonly Outcome[]
  /** The disk failed: what was to be written is not, and the outcome of each such task says so. */
  readonly storageError: string | null
}

export interface Store {
  /**
   * Runs all tasks in one transaction.
   * @param latecomers asked when those have run, for tasks that depend on what is ready then
   * @param now wall clock, milliseconds
   */
  transact(tasks: readonly Task[], latecomers: () => readonly Task[], now: number): Turn
  /** Is there a ready job of one of these types? */
  hasReady(types: ReadonlySet<string>): boolean
  /** Ready jobs of these types. */
  countReady(types: ReadonlySet<string>): number
  /** When `transact` should run next, though nobody asks: a delayed job is due. Milliseconds since 1970. */
  nextDueAt(): number | null
  /** Gives back the leases of workers that are not among the holders; for a store that starts. */
  recover(holders: readonly WorkerId[]): void
  configure(config: JobConfig): void
  close(): void
}

/** @throws MydError CHECK_FAILED when the database cannot be used */
export function openStore(path: string, config: JobConfig, random: () => number = Math.random): Store {
  const database = openDatabase(path)
  const books = openBooks(database, config, random)
  return {
    transact: (tasks, latecomers, now) => transact(books, tasks, latecomers, now),
    hasReady: (types) => books.counts.typesIn('ready').some((type) => types.has(type)),
    countReady: (types) => sum([...types].map((type) => books.counts.of(type, 'ready'))),
    nextDueAt: () => readNextDueAt(books),
    recover: (holders) => recover(books, path, holders),
    configure(next) {
      books.config = next
    },
    close: () => database.close(),
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function transact(books: Books, tasks: readonly Task[], latecomers: () => readonly Task[], now: number): Turn {
  const runAll = (some: readonly Task[]): Outcome[] => some.map((task) => runTask(books, task))
  try {
    const outcomes = inTransaction(books, now, () => [...runAll(tasks), ...runAll(latecomers())])
    return { ...books.consequences, outcomes, storageError: null }
  } catch (error) {
    if (sqliteCodeOf(error) === undefined) throw error
    const message = describeStorageError(error)
    return { finished: [], cancelled: [], outcomes: answerWithoutDisk(books, tasks, message), storageError: message }
  }
}

function inTransaction<T>(books: Books, now: number, run: () => T): T {
  const { database, counts } = books
  books.now = now
  books.consequences = { finished: [], cancelled: [] }
  database.exec('BEGIN IMMEDIATE')
  try {
    makeDueReady(books)
    const result = run()
    counts.write()
    database.exec('COMMIT')
    counts.keep()
    return result
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK') // SQLite has rolled back by itself after some errors
    counts.discard()
    throw error
  }
}

function runTask(books: Books, task: Task): Outcome {
  try {
    return runOperation(books, task.operation, task.asker)
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'error', error: error.wire }
    throw error
  }
}

/** Reads are answered from what is committed, a write is refused. */
function answerWithoutDisk(books: Books, tasks: readonly Task[], message: string): Outcome[] {
  return tasks.map((task) => {
    if (isWrite(task.operation)) return { kind: 'error', error: { code: 'storage', message } }
    try {
      return runTask(books, task)
    } catch (error) {
      if (sqliteCodeOf(error) === undefined) throw error
      return { kind: 'error', error: { code: 'storage', message: describeStorageError(error) } }
    }
  })
}

const SQLITE_READONLY = 8
const SQLITE_IOERR = 10
const SQLITE_FULL = 13

function describeStorageError(error: unknown): string {
  const code = sqliteCodeOf(error)
  if (code === SQLITE_FULL) return 'the disk of the job database is full'
  if (code === SQLITE_READONLY) return 'the job database is read-only'
  if (code === SQLITE_IOERR) return `the job database cannot be written (${messageOf(error)}); is the disk full?`
  return `the job database failed: ${messageOf(error)}`
}

function recover(books: Books, path: string, holders: readonly WorkerId[]): void {
  try {
    inTransaction(books, wallMs(), () => {
      for (const worker of readWorkers(books)) if (!holders.includes(worker)) endWorker(books, { worker, charged: [] })
    })
  } catch (error) {
    if (sqliteCodeOf(error) === undefined) throw error
    throw new MydError('START_FAILED', `${describeStorageError(error)}: ${path}`, { cause: error, path })
  }
}
