/** What the checks are given; they look at the rest of the host themselves. */
import type { LaunchRecord } from '../protocol.ts'
import type { LoadedSettings } from '../settings/load.ts'
import type { BuildInfo } from '../system/executable.ts'
import type { InheritedSocket } from '../system/inherited-sockets.ts'
import type { InstanceState } from '../system/inspect-instance.ts'
import type { Finding } from './finding.ts'

export type FileVerdict = { readonly ok: true } | { readonly ok: false; readonly problem: string }

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
  /** Listening sockets that systemd passed; absent where this is no start, and nobody knows what it will pass. */
  readonly inherited?: readonly InheritedSocket[]
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
