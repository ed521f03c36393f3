/** What runs a job in a worker: built in, or a service's own. */
import type { Job, JobResult, Log, Service } from './define-service.ts'

export interface RunContext {
  readonly log: Log
  /** Aborted when the job is cancelled, its time is over, or the worker has to end. */
  readonly signal: AbortSignal
  /** Tells the supervisor of a process group that the job started, so that it never outlives its worker. */
  readonly ownGroup: (group: number) => void
}

export type JobHandler = (job: Job, context: RunContext) => Promise<JobResult | undefined | void>

/** The handlers of a service, with what they are given beside the job. @param state what its `start` returned */
export function ownHandlers(
  service: Service,
  given: { readonly settings: Readonly<Record<string, unknown>>; readonly state: unknown },
): Record<string, JobHandler> {
  const settings = given.settings as never // the types of a service's own settings are known to its author alone
  const bound = Object.entries(service.jobs ?? {}).map(([type, handle]): [string, JobHandler] => [
    type,
    (job, { log, signal }) => handle(job, { settings, state: given.state, log, signal }),
  ])
  return Object.fromEntries(bound)
}
