/** Each operation of the protocol, run within a transaction, and what is answered. */
import { assertNever } from '../errors.ts'
import type { WorkerId } from '../protocol.ts'
import { addJobs } from './add-job.ts'
import type { Books } from './books.ts'
import { attachWorker, endWorker, finishJobs, releaseJobs, takeJobs } from './lease-job.ts'
import {
  cancelJobs,
  isAllDone,
  listJobs,
  readFinished,
  readStats,
  retryBuried,
  retryJobs,
  showJob,
} from './query-job.ts'
import { type InnerOperation, type Operation, Refusal, type WireError } from './wire.ts'

/** Who asks. A worker has said so with `attach`; clients that only add and look have not. */
export interface Asker {
  readonly worker: WorkerId | null
  readonly types: ReadonlySet<string>
  /** Jobs of a `take` at most, so that what is ready is shared out evenly among those who wait. */
  readonly share: number
}

export const STRANGER: Asker = { worker: null, types: new Set(), share: 0 }

export type Outcome =
  | { readonly kind: 'answer'; readonly body: object }
  | { readonly kind: 'error'; readonly error: WireError }
  /** To be asked again: a `take` when there is a ready job, `wait` when those jobs are final (null: when all are). */
  | { readonly kind: 'parked'; readonly unfinished?: readonly number[] | null }

const READS: readonly string[] = ['show', 'list', 'stats', 'wait', 'waitAll']

/** Does it change the database? */
export function isWrite(operation: Operation | InnerOperation): boolean {
  return !READS.includes(operation.op)
}

/** @throws Refusal before anything was written */
export function runOperation(books: Books, operation: Operation | InnerOperation, asker: Asker): Outcome {
  switch (operation.op) {
    case 'take':
      return runTake(books, operation.n, asker)
    case 'wait':
      return runWait(books, operation.jobs)
    case 'waitAll':
      return isAllDone(books) ? { kind: 'answer', body: {} } : { kind: 'parked', unfinished: null }
    default:
      return { kind: 'answer', body: answer(books, operation, asker) }
  }
}

type Answered = Exclude<Operation | InnerOperation, { op: 'take' | 'wait' | 'waitAll' }>

function answer(books: Books, operation: Answered, asker: Asker): object {
  switch (operation.op) {
    case 'add':
      return { ids: addJobs(books, operation.jobs, operation.token) }
    case 'attach':
      return attachWorker(books, operation.worker, operation.types, operation.held)
    case 'finish':
      return { recorded: finishJobs(books, workerOf(asker), operation.reports) }
    case 'release':
      releaseJobs(books, workerOf(asker), operation.leases)
      return {}
    case 'cancel':
      return { jobs: cancelJobs(books, operation.jobs) }
    case 'retry':
      return { jobs: retryJobs(books, operation.jobs) }
    case 'retryBuried':
      return { count: retryBuried(books) }
    case 'show':
      return { job: showJob(books, operation.job) }
    case 'list':
      return { jobs: listJobs(books, operation.filter) }
    case 'stats':
      return readStats(books)
    case 'gone':
      endWorker(books, operation.gone)
      return {}
    default:
      return assertNever(operation)
  }
}

function runTake(books: Books, n: number, asker: Asker): Outcome {
  const jobs = takeJobs(books, workerOf(asker), asker.types, Math.min(n, Math.max(1, asker.share)))
  return jobs.length === 0 ? { kind: 'parked' } : { kind: 'answer', body: { jobs } }
}

function runWait(books: Books, ids: readonly number[]): Outcome {
  const { unfinished, jobs } = readFinished(books, ids)
  return unfinished.length > 0 ? { kind: 'parked', unfinished } : { kind: 'answer', body: { jobs } }
}

function workerOf(asker: Asker): WorkerId {
  if (asker.worker === null) throw new Refusal('not-attached', 'say who you are with `attach` first')
  return asker.worker
}
