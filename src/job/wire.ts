/**
 * What a client of the job store and the store say to each other: one JSON object per line, UTF-8.
 *
 * A request is `{id, op, ...}`; its answer is `{id, ok: true, ...}` or `{id, ok: false, error: {code, message}}`, sent
 * after what it says has been committed to the disk. Answers come in any order. `take` and `wait` are answered when
 * there is something to answer. `{event: 'cancel', job}` comes unasked: end that run.
 *
 * Change by adding fields and operations; a field's meaning never changes, because clients outlive an upgrade.
 */

import type { GoneWorker, WorkerId } from '../protocol.ts'
import type { Job } from '../service/define-service.ts'
import type { JobState } from './job.ts'

/** No delay and no timeout is longer: ten years. More would be no time that can be reckoned with. */
export const DURATION_LIMIT_MS = 3650 * 86_400_000

/** What is known of a job before the store has it. Everything but the type has a default. */
export interface NewJob {
  readonly type: string
  readonly payload?: string
  /** argv; only and always for the type `command`. */
  readonly command?: readonly string[]
  /** The higher, the sooner; 0 when nothing is said. */
  readonly priority?: number
  /** While an unfinished job has this key, adding it again answers that job's id. */
  readonly key?: string
  /** Up to DURATION_LIMIT_MS. */
  readonly delayMs?: number
  /** Runs that may fail. */
  readonly attempts?: number
  /** Up to DURATION_LIMIT_MS; 0 for no limit. */
  readonly timeoutMs?: number
  readonly directory?: string
  readonly umask?: number
}

/** Names one run: a job's id and which attempt it is. */
export interface Lease {
  readonly job: number
  readonly attempt: number
}

/** How one run ended. `interrupted`: by our order, so that it is tried again and costs no attempt. */
export interface RunReport extends Lease {
  readonly outcome: 'succeeded' | 'failed' | 'interrupted'
  readonly exitCode: number | null
  readonly signal: string | null
  /** Fractions count for the worker's own figures; the store keeps whole milliseconds. */
  readonly durationMs: number
  /** Why it failed, a few words: `exit 3`, `timed out after 30 s`. Empty for a success. */
  readonly reason: string
  /** The end of what it printed. */
  readonly output: string
}

export interface ListFilter {
  readonly state?: JobState
  readonly type?: string
  /** 1 to LIST_LIMIT. */
  readonly limit: number
  /** Only jobs with a smaller id: the next page. */
  readonly before?: number
}

/** Jobs of one answer to `list`. */
export const LIST_LIMIT = 1000

/** What clients may ask. */
export type Operation =
  /** token: whoever asks again with the same one gets the ids of the first time. → {ids} */
  | { readonly op: 'add'; readonly jobs: readonly NewJob[]; readonly token?: string }
  /** First of a worker: who it is, which types it runs, what it still holds. → {drop: ids that are not its any more} */
  | {
      readonly op: 'attach'
      readonly worker: WorkerId
      readonly types: readonly string[]
      readonly held: readonly Lease[]
    }
  /** → {jobs: Job[]}, when there are some */
  | { readonly op: 'take'; readonly n: number }
  /** → {recorded: ids that counted}; the others were reported before, or are not the worker's any more */
  | { readonly op: 'finish'; readonly reports: readonly RunReport[] }
  /** Gives back what was not started. stop: no more jobs; a waiting `take` is answered with none. → {} */
  | { readonly op: 'release'; readonly leases: readonly Lease[]; readonly stop?: boolean }
  /** → {jobs: IdResult[]} */
  | { readonly op: 'cancel'; readonly jobs: readonly number[] }
  | { readonly op: 'retry'; readonly jobs: readonly number[] }
  /** → {count} */
  | { readonly op: 'retryBuried' }
  /** → {job: JobView} */
  | { readonly op: 'show'; readonly job: number }
  /** → {jobs: JobView[]}, the newest first, without payload and output */
  | { readonly op: 'list'; readonly filter: ListFilter }
  /** → JobStats */
  | { readonly op: 'stats' }
  /** → {jobs: JobView[]} without payload and output, when all are final */
  | { readonly op: 'wait'; readonly jobs: readonly number[] }
  /** → {}, when nothing is ready, reserved or waiting for its next attempt */
  | { readonly op: 'waitAll' }

/** Operations that only the store's own process asks. */
export type InnerOperation = { readonly op: 'gone'; readonly gone: GoneWorker }

/** What came of an operation on one of several jobs. */
export interface IdResult {
  readonly id: number
  /** Its state now; null when it was refused. */
  readonly state: JobState | null
  readonly error: string | null
}

/** A job as it is shown. Times are milliseconds since 1970. */
export interface JobView extends Job {
  readonly state: JobState
  readonly priority: number
  readonly attempts: number
  readonly failures: number
  readonly deaths: number
  readonly addedAt: number
  readonly dueAt: number
  readonly takenAt: number | null
  readonly finishedAt: number | null
  readonly worker: WorkerId | null
  readonly exitCode: number | null
  readonly signal: string | null
  readonly durationMs: number | null
  readonly reason: string
  readonly output: string
}

/** What comes back for each operation of a client that is no worker. */
export interface Answers {
  readonly add: { readonly ids: readonly number[] }
  readonly cancel: { readonly jobs: readonly IdResult[] }
  readonly retry: { readonly jobs: readonly IdResult[] }
  readonly retryBuried: { readonly count: number }
  readonly show: { readonly job: JobView }
  readonly list: { readonly jobs: readonly JobView[] }
  readonly stats: JobStats
  readonly wait: { readonly jobs: readonly JobView[] }
  readonly waitAll: object
}

export interface JobStats {
  readonly states: Readonly<Record<JobState, number>>
  /** By type, its states that are not 0. */
  readonly types: Readonly<Record<string, Readonly<Partial<Record<JobState, number>>>>>
  /** When the next delayed job is due. */
  readonly nextDueAt: number | null
}

/**
 * too-long and busy end the connection. storage: nothing of the request was kept; ask again when there is space.
 * superseded: the worker has another connection, or is gone.
 */
export type WireErrorCode =
  | 'bad-request'
  | 'unknown-type'
  | 'not-found'
  | 'not-attached'
  | 'superseded'
  | 'storage'
  | 'too-long'
  | 'busy'

export interface WireError {
  readonly code: WireErrorCode
  readonly message: string
  /** What to do about it. */
  readonly hint?: string
}

/** A request that the store refuses. Thrown before anything of it was written. */
export class Refusal extends Error {
  readonly wire: WireError

  constructor(code: WireErrorCode, message: string, hint?: string) {
    super(message)
    this.name = 'Refusal'
    this.wire = { code, message, ...(hint === undefined ? {} : { hint }) }
  }
}
