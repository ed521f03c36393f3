/** What the checks are given; they look at the rest of the host themselves. */
import type { LaunchRecord } from '../protocol.ts'
import type { LoadedSettings } from '../settings/load.ts'
import type { BuildInfo } from '../system/executable.ts'
import type { InheritedSocket } from '../system/inherited-sockets.ts'
import type { InstanceState } from '../system/inspect-instance.ts'
import type { Finding } from './finding.ts'

export type FileVerdict = { readonly ok: true } | { readonly ok: false; readonly problem: string }

/** What is known when a start checks, and not before. */
export interface StartFacts {
  /** Listening sockets that systemd passed. */
  readonly inherited: readonly InheritedSocket[]
  /** Value of INSTANCE_VARIABLE in what an earlier run left behind, which the start will end; null: nothing can be left. */
  readonly instanceName: string | null
}

export interface PreflightContext {
  readonly loaded: LoadedSettings
  readonly launch: LaunchRecord
  /** The caller's, as it is. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly build: Pick<BuildInfo, 'packed' | 'version' | 'buildId' | 'target'>
  /** The file that runs, absolute. */
  readonly executablePath: string
  readonly instance: InstanceState
  readonly uid: number
  /** Checks the whole of a packed executable by its trailer; null where that takes too long (a start). */
  readonly verifyFile: ((path: string) => Promise<FileVerdict>) | null
  /** Absent where this is no start. */
  readonly start?: StartFacts
  /** What the service's own checks found. */
  readonly serviceFindings: readonly Finding[]
}

/** Master and store beside the workers. */
const OTHER_PROCESSES = 2

/** Processes that this instance will have. */
export function processCount({ loaded, launch }: PreflightContext): number {
  return launch.noFork ? 1 : loaded.settings.proc + OTHER_PROCESSES
}

/** Whether what the instance needs is already taken, by itself. */
export function isUp({ instance }: PreflightContext): boolean {
  return instance.kind === 'running' || instance.kind === 'stopping' || instance.kind === 'starting'
}
