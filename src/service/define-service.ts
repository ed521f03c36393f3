/**
 * The contract of a service, as its author writes it. `defineService` only types and marks the definition; what runs
 * it is the worker.
 */
import type { LogLevel } from '../protocol.ts'

/** Log lines of a service; `fields` end up as `key=value` behind the message. */
export type Log = Readonly<Record<LogLevel, (message: string, fields?: Readonly<Record<string, unknown>>) => void>>

/** A job as its handler sees it. */
export interface Job {
  readonly id: number
  readonly type: string
  /** What was given to `job add`: text, mostly JSON. Empty when nothing was given. */
  readonly payload: string
  /** argv of a command job; empty otherwise. */
  readonly command: readonly string[]
  /** 1 for the first run. */
  readonly attempt: number
  readonly key: string | null
  /** The caller's working directory and umask. */
  readonly directory: string
  readonly umask: number
  /** Milliseconds a run may take; 0 for no limit. */
  readonly timeoutMs: number
}

/** What a finished run is recorded with. A handler of a service may return nothing: then its job is done. */
export interface JobResult {
  readonly exitCode: number | null
  readonly signal: string | null
  /** The end of what the run printed, bounded. */
  readonly output: string
}

export interface JobContext {
  readonly log: Log
  /** Aborted when the job is cancelled, its time is over, or the worker has to end. */
  readonly signal: AbortSignal
  /** Tells the supervisor of a process group that the job started, so that it never outlives its worker. */
  readonly ownGroup: (group: number) => void
}

export type JobHandler = (job: Job, context: JobContext) => Promise<JobResult | undefined | void>

export interface ServiceContext {
  readonly log: Log
  /** Aborted when the worker begins to stop. */
  readonly signal: AbortSignal
  /** Which worker this is, 0 to proc - 1. */
  readonly slot: number
}

export interface CheckContext {
  /** The absolute path of a program on PATH, or null. */
  readonly which: (program: string) => string | null
}

export interface RunningService {
  /** Ends what `start` began; has until stopTimeout. */
  stop?(): Promise<void> | void
}

export interface ServiceDefinition {
  readonly name?: string
  /** Each runs at `--check` and before a start; falsy or thrown: a failure finding with the sentence that is its key. */
  readonly checks?: Readonly<Record<string, (context: CheckContext) => unknown>>
  /** Runs in each worker, which is ready when it resolves. */
  readonly start?: (context: ServiceContext) => Promise<RunningService | undefined | void> | RunningService | undefined
  /** Handlers by job type. A handler that throws: the job is tried again, then buried. */
  readonly jobs?: Readonly<Record<string, JobHandler>>
}

/** Marks a module's export as a service, across copies of this package. */
export const SERVICE_MARK: unique symbol = Symbol.for('myd.service')

export type Service = ServiceDefinition & { readonly [SERVICE_MARK]: true }

/** @example export default defineService({ name: 'thumbs', jobs: { async resize(job) { … } } }) */
export function defineService(definition: ServiceDefinition): Service {
  return { ...definition, [SERVICE_MARK]: true }
}
