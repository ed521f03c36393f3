/**
 * The contract of a service, as its author writes it. `defineService` only types and marks the definition; what checks
 * it is check-definition.ts, what runs it is the worker.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { LogLevel } from '../protocol.ts'
import type { OwnSettings, SettingsOf } from './own-setting.ts'

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

export interface CheckContext<S extends OwnSettings = OwnSettings> {
  /** The absolute path of a program on PATH, or null. */
  readonly which: (program: string) => string | null
  readonly settings: SettingsOf<S>
}

export interface StartContext<S extends OwnSettings = OwnSettings> {
  /** The service's own, typed: durations in milliseconds, sizes in bytes, paths absolute. */
  readonly settings: SettingsOf<S>
  readonly log: Log
  /** Aborted when the worker begins to stop. */
  readonly signal: AbortSignal
  /** Which worker this is, 0 to proc - 1. */
  readonly slot: number
  /** Ends this worker in order: it takes no more work, finishes what it has and exits so. 78: never try again. */
  readonly exit: (code: number) => void
}

/** What `http` is given beside request and response. */
export interface HttpContext<S extends OwnSettings = OwnSettings, State = unknown> {
  readonly settings: SettingsOf<S>
  /** What `start` returned. */
  readonly state: State
  readonly log: Log
}

export interface ConnectionContext<S extends OwnSettings = OwnSettings, State = unknown> extends HttpContext<S, State> {
  /** Aborted when the worker begins to stop. */
  readonly signal: AbortSignal
}

export interface JobContext<S extends OwnSettings = OwnSettings, State = unknown> extends HttpContext<S, State> {
  /** Aborted when the job is cancelled, its time is over, or the worker has to end. */
  readonly signal: AbortSignal
}

/** What `start` may return: anything; when it has a `stop`, that ends what `start` began. */
export interface RunningService {
  /** Has until stopTimeout. */
  stop?(): Promise<void> | void
}

type Started<State> = State & (RunningService | void)

export interface ServiceDefinition<S extends OwnSettings = OwnSettings, State = unknown> {
  /** Names its instances when nobody else does. */
  readonly name?: string
  /** In the section `[service]` of the settings file, by `--set service.NAME` and MYD_SERVICE_NAME. */
  readonly settings?: S
  /** Each runs at `--check` and before a start; falsy or thrown: a failure finding with the sentence that is its key. */
  readonly checks?: Readonly<Record<string, (context: CheckContext<S>) => unknown>>
  /** Runs in each worker, which is ready when it resolves. What it returns is `state` to all below. */
  readonly start?: (context: StartContext<S>) => Promise<Started<State>> | Started<State>
  /** Requests to what the setting `listen` says. */
  readonly http?: (request: IncomingMessage, response: ServerResponse, context: HttpContext<S, State>) => unknown
  /** Connections to what the setting `listen` says, when it is no HTTP. */
  readonly connection?: (socket: Socket, context: ConnectionContext<S, State>) => unknown
  /** Handlers by job type. A handler that throws: the job is tried again, then buried. */
  readonly jobs?: Readonly<
    Record<string, (job: Job, context: JobContext<S, State>) => Promise<JobResult | undefined | void>>
  >
}

/** Marks a module's export as a service, across copies of this package. */
export const SERVICE_MARK: unique symbol = Symbol.for('myd.service')

export type Service = ServiceDefinition & { readonly [SERVICE_MARK]: true }

/**
 * @example
 * export default defineService({
 *   name: 'thumbs',
 *   settings: { width: { type: 'integer', default: 320, help: 'Width of a thumbnail, pixels' } },
 *   jobs: { async resize(job, { settings, log, signal }) { … } },
 * })
 */
export function defineService<const S extends OwnSettings = Record<never, never>, State = undefined>(
  definition: ServiceDefinition<S, State>,
): Service {
  return { ...definition, [SERVICE_MARK]: true } as unknown as Service
}
