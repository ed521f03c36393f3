/**
 * What the processes of one instance say to each other: the role a child is started with, the launch record that
 * names how an instance was started, and the messages on the channel between the master and a child.
 *
 * The channel is a socket pair on descriptor 3 of the child: one JSON value per line. Master and children are always
 * the same build (children are started from /proc/self/exe), so a message changes together with both ends; only the
 * launch record outlives a process, and carries a version: raise it when a reader of the old form would misread it.
 */
import type { ServiceSchema } from './settings/row.ts'

/** Environment variable that tells a child of ours what it is. Removed from the environment at boot. */
export const ROLE_VARIABLE = 'MYD_ROLE'

export const ROLES = ['intermediate', 'master', 'worker', 'store', 'describe', 'module'] as const
export type Role = (typeof ROLES)[number]

/** The pid of who forked a module; beside the role, and removed with it. */
export const PARENT_VARIABLE = 'MYD_PARENT'

/** Descriptors a child is given. */
export const FD = {
  channel: 3,
  /** The intermediate and a detached master: the lock file, locked. */
  lock: 4,
  /** The intermediate and a detached master: the first of the listening sockets that the launcher was passed. */
  sockets: 5,
  /** Workers and the store: the scoreboard file. */
  scoreboard: 4,
  /** The store: the listening jobs socket. */
  jobsSocket: 5,
  /** Workers: the pair over which listening sockets come (SCM_RIGHTS; see system/handover.ts). */
  handover: 5,
} as const

/** Environment variable of intermediate and detached master: names of the sockets from FD.sockets on, `web:web`. */
export const SOCKETS_VARIABLE = 'MYD_SOCKETS'

/** Marks in the environment of every process of an instance, by which what was left behind is recognised. */
export const INSTANCE_VARIABLE = 'MYD_INSTANCE'
/** The worker (see `workerId`) whose descendant a process is. */
export const WORKER_VARIABLE = 'MYD_WORKER'

export const LAUNCH_VERSION = 1

/** How an instance was started; kept in NAME.launch.json, read by `restart` and by each reload. */
export interface LaunchRecord {
  readonly version: number
  /** Where the command was typed: relative paths start here. */
  readonly directory: string
  /** Setting name → text, from flags and --set. */
  readonly flags: Readonly<Record<string, string>>
  /** The MYD_* variables of the caller that are settings. */
  readonly environment: Readonly<Record<string, string>>
  /** --config, absolute; null for the file at its usual place. */
  readonly config: string | null
  /** The service file, absolute; null for the built-in service. */
  readonly service: string | null
  /** What the service calls itself; null when it does not, and for the built-in service. */
  readonly serviceName: string | null
  /** The settings that the service declares; null when it was not or could not be looked at, and for the built-in service. */
  readonly serviceSchema: ServiceSchema | null
  /** --env-file, absolute; null for none. */
  readonly envFile: string | null
  readonly debug: boolean
  /** One process does all. */
  readonly noFork: boolean
  /** `--master`, or `--nofork` without `--daemon`. */
  readonly foreground: boolean
}

/** Text of job type → how its jobs are run; the `[jobs.TYPE]` sections of the settings. */
export interface JobType {
  /** argv; empty for a type that a service handles itself. */
  readonly command: readonly string[]
  readonly attempts: number
  readonly timeoutMs: number
  readonly retryDelayMs: number
  readonly priority: number
}

/** Where the files of an instance lie; absolute paths. */
export interface InstancePaths {
  readonly runDirectory: string
  readonly logDirectory: string
  readonly stateDirectory: string
  readonly lock: string
  readonly pidfile: string
  readonly launch: string
  readonly controlSocket: string
  readonly jobsSocket: string
  readonly scoreboard: string
  readonly log: string
  /** stateDirectory/jobs.db */
  readonly jobsDatabase: string
  /** stateDirectory/jobs.lock */
  readonly jobsLock: string
}

/** One run of a worker process: unique in the life of the instance, so that a lease names exactly one process. */
export type WorkerId = string

/** A worker that is gone, its commands too. `charged`: jobs it was running when it died alone and not by our order. */
export interface GoneWorker {
  readonly worker: WorkerId
  readonly charged: readonly number[]
}

interface HelloBase {
  readonly type: 'hello'
  readonly masterPid: number
  /** Value of INSTANCE_VARIABLE. */
  readonly instance: string
  readonly settings: Readonly<Record<string, unknown>>
  readonly jobTypes: Readonly<Record<string, JobType>>
  readonly paths: InstancePaths
  readonly debug: boolean
  /** Which record of the scoreboard is the child's. */
  readonly seat: number
}

export interface WorkerHello extends HelloBase {
  readonly role: 'worker'
  readonly slot: number
  readonly generation: number
  readonly worker: WorkerId
  readonly service: string | null
  /** The service's own, by name. */
  readonly serviceSettings: Readonly<Record<string, unknown>>
}

export interface StoreHello extends HelloBase {
  readonly role: 'store'
  /** Workers that may still hold jobs. Leases of any other worker go back, uncharged. */
  readonly holders: readonly WorkerId[]
}

/** Names what a server listens on among all that an instance listens on: `tcp:127.0.0.1:8080`, `unix:/run/x.sock`. */
export type SocketKey = string

/** What a server in a worker wants to listen on: what Node asks a cluster's primary for. */
export interface ListenQuery {
  readonly kind: 'tcp' | 'udp' | 'unix' | 'systemd'
  /** A literal IP address, or null for any; of a unix socket its path, absolute; the name of a socket of systemd. */
  readonly host: string | null
  /** 0: the kernel chooses, the same for every worker. 0 for what has no port. */
  readonly port: number
  readonly ipv6Only: boolean
  /** null: that of the settings. */
  readonly backlog: number | null
  /** Counts what is wanted several times: two servers of one worker that listen on port 0 get two ports. */
  readonly index: number
}

/** A descriptor that lies on the handover pair when this message arrives; `handover` is its number there. */
interface Handed {
  readonly key: SocketKey
  readonly handover: number
}

export type ToWorker =
  /** The answer to `listen`: the socket of the worker's own slot. `isPassive`: the master accepts on it. */
  | ({ readonly type: 'socket'; readonly request: number; readonly isPassive: boolean } & Handed)
  /** The answer to `listen` when it cannot be had; `code` is an errno's name. */
  | { readonly type: 'no-socket'; readonly request: number; readonly code: string; readonly message: string }
  /** Accept on the socket of this slot too, which has nobody who does. */
  | ({ readonly type: 'lend'; readonly slot: number } & Handed)
  | { readonly type: 'take-back'; readonly key: SocketKey; readonly slot: number }
  /** An accepted connection (balance = round-robin). */
  | ({ readonly type: 'connection' } & Handed)

export type ToChild =
  | WorkerHello
  | StoreHello
  | ToWorker
  /**
   * Take no more work, finish what is in hand, end with exit 0. `last`: nobody accepts on these after this worker, so
   * that what waits there is accepted before they are closed.
   */
  | { readonly type: 'drain'; readonly last: readonly SocketKey[] }
  /** To the store: leases of this worker go back. */
  | { readonly type: 'worker.gone'; readonly gone: GoneWorker }
  /** To the store: settings after a reload. */
  | {
      readonly type: 'settings'
      readonly settings: Readonly<Record<string, unknown>>
      readonly jobTypes: Readonly<Record<string, JobType>>
    }

/** To a short-lived child that evaluates a service; its first order. */
export interface DescribeOrder {
  /** Absolute path of the service file. */
  readonly service: string
  /** Workers may be given Node options that load what Node alone cannot, TypeScript’s enums for example. */
  readonly hasLoader: boolean
  /** Who asks: the child ends with it. */
  readonly parentPid: number
}

/** What follows it: the checks of the service are to run, with these settings of its own. */
export interface CheckOrder {
  readonly settings: Readonly<Record<string, unknown>>
}

/** What a short-lived child found when it evaluated a service. */
export interface ServiceDescription {
  /** Unmodified: a program that does not use `myd`; it was not evaluated. */
  readonly kind: 'defined' | 'unmodified'
  readonly name: string | null
  readonly settings: ServiceSchema
  readonly jobTypes: readonly string[]
  /** It has `http` or `connection`, which serve what the setting `listen` says. */
  readonly isServing: boolean
  /** Why the module cannot be evaluated; null when it can. */
  readonly error: string | null
  /** What to do about the error, a sentence; null when there is nothing special to do. */
  readonly advice: string | null
}

/** Sentence of each check of a service → null when it passed, else why not. */
export type CheckResults = Readonly<Record<string, string | null>>

/** Why a worker ends that was not told to by its master. */
export const OWN_CAUSES = ['terminated', 'failed'] as const
export type OwnCause = (typeof OWN_CAUSES)[number]

export type FromChild =
  | { readonly type: 'ready' }
  /** A worker wants a socket; answered by `socket` or `no-socket` with its `request`. */
  | { readonly type: 'listen'; readonly request: number; readonly query: ListenQuery }
  /** A server of the worker was closed by the service: the worker accepts there no more. */
  | { readonly type: 'unlisten'; readonly key: SocketKey }
  /**
   * A worker wants to end in order: somebody else told it (TERM), or it failed. Answered by `drain`, so that nothing is
   * passed to it any more when it stops to accept.
   */
  | { readonly type: 'draining'; readonly cause: OwnCause }
  /** The child will not get ready: it says why and ends with `exit`. */
  | { readonly type: 'failed'; readonly message: string; readonly stack: string | null }
  /** Something for the log. */
  | {
      readonly type: 'log'
      readonly level: LogLevel
      readonly message: string
      readonly fields: Readonly<Record<string, unknown>>
    }

export const LOG_LEVELS = ['debug', 'info', 'warning', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]
