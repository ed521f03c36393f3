/**
 * The life of one job, as a pure function of state and event.
 *
 *     delayed ─due→ ready ─taken→ reserved ─succeeded→ done
 *        ↑            ↑              │ ├─failed→ delayed (tried again) | buried (no attempts left)
 *        └────────────┼──────────────┘ ├─released, interrupted→ ready
 *                     └────────────────┴─lost (its worker is gone)→ ready | buried (charged twice)
 *
 * A cancelled job that is reserved is `cancelling` until its run has ended: it never runs beside a second run of
 * its own. Invariant: only `reserved` and `cancelling` jobs have a worker, and their `attempt` names the one run
 * whose result counts.
 */

export const JOB_STATES = ['delayed', 'ready', 'reserved', 'cancelling', 'done', 'buried', 'cancelled'] as const
export type JobState = (typeof JOB_STATES)[number]

/** States that a job never leaves by itself. */
export const FINAL_STATES: readonly JobState[] = ['done', 'buried', 'cancelled']

export function isFinal(state: JobState): boolean {
  return FINAL_STATES.includes(state)
}

/** The part of a job that decides what becomes of it. */
export interface JobProgress {
  readonly state: JobState
  /** Runs begun; the number of the current run while it is reserved. */
  readonly attempt: number
  /** Runs that may fail before it is buried. */
  readonly attempts: number
  readonly failures: number
  /** Workers that died alone while they ran it. */
  readonly deaths: number
}

export type JobEvent =
  | { readonly type: 'due' }
  | { readonly type: 'taken' }
  /** Given back unstarted: the attempt did not happen. */
  | { readonly type: 'released' }
  /** The run was ended by our order (a stop): not the job's fault. */
  | { readonly type: 'interrupted' }
  | { readonly type: 'succeeded' }
  | { readonly type: 'failed' }
  /** Its worker is gone. Charged: the worker died alone and not by our order, so the job may be why. */
  | { readonly type: 'lost'; readonly charged: boolean }
  | { readonly type: 'cancelled' }
  | { readonly type: 'retried' }

/** A job that took this many workers with it is not tried again. */
export const DEATH_LIMIT = 2

/** @returns the job after the event, or null when the event means nothing to a job in this state. */
export function transition(job: JobProgress, event: JobEvent): JobProgress | null {
  switch (job.state) {
    case 'delayed':
      if (event.type === 'due' || event.type === 'retried') return { ...job, state: 'ready' }
      return event.type === 'cancelled' ? { ...job, state: 'cancelled' } : null
    case 'ready':
      if (event.type === 'taken') return { ...job, state: 'reserved', attempt: job.attempt + 1 }
      return event.type === 'cancelled' ? { ...job, state: 'cancelled' } : null
    case 'reserved':
      return leaveReserved(job, event)
    case 'cancelling':
      return leaveCancelling(job, event)
    case 'buried':
    case 'cancelled':
      return event.type === 'retried' ? { ...job, state: 'ready', failures: 0, deaths: 0 } : null
    case 'done':
      return null
  }
}

function leaveReserved(job: JobProgress, event: JobEvent): JobProgress | null {
  switch (event.type) {
    case 'succeeded':
      return { ...job, state: 'done' }
    case 'failed': {
      const failures = job.failures + 1
      return { ...job, failures, state: failures < job.attempts ? 'delayed' : 'buried' }
    }
    case 'released':
      return { ...job, state: 'ready', attempt: job.attempt - 1 }
    case 'interrupted':
      return { ...job, state: 'ready' }
    case 'lost': {
      const deaths = job.deaths + (event.charged ? 1 : 0)
      return { ...job, deaths, state: deaths < DEATH_LIMIT ? 'ready' : 'buried' }
    }
    case 'cancelled':
      return { ...job, state: 'cancelling' }
    default:
      return null
  }
}

/** Whatever ended the run, the job is cancelled; but for a success, which nothing takes back. */
function leaveCancelling(job: JobProgress, event: JobEvent): JobProgress | null {
  switch (event.type) {
    case 'succeeded':
      return { ...job, state: 'done' }
    case 'failed':
      return { ...job, state: 'cancelled', failures: job.failures + 1 }
    case 'lost':
      return { ...job, state: 'cancelled', deaths: job.deaths + (event.charged ? 1 : 0) }
    case 'released':
      return { ...job, state: 'cancelled', attempt: job.attempt - 1 }
    case 'interrupted':
      return { ...job, state: 'cancelled' }
    default:
      return null
  }
}
