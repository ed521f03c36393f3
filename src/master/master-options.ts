/** What a master is given, and what it gives back. */
import type { LaunchRecord } from '../protocol.ts'
import type { LoadedSettings } from '../settings/load.ts'
import type { BuildInfo } from '../system/executable.ts'
import type { InheritedSocket } from '../system/inherited-sockets.ts'
import type { Reloaded } from './settings-in-force.ts'
import type { Signals } from './signals.ts'
import type { MasterEvent } from './state.ts'

export interface MasterOptions {
  readonly loaded: LoadedSettings
  readonly launch: LaunchRecord
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly build: BuildInfo
  readonly program: string
  /** Value of INSTANCE_VARIABLE. */
  readonly instance: string
  /** Gets each log line too, in the foreground. */
  readonly echo: ((line: string) => void) | null
  /** Trapped before anything else was done. */
  readonly signals: Signals
  /** Listening sockets that systemd gave to this process. */
  readonly inherited: readonly InheritedSocket[]
  /** Reads and checks the settings again, for a reload. */
  readonly reload: (current: LoadedSettings) => Promise<Reloaded>
  readonly onReady: () => void
  /** From here on the daemon is going down. */
  readonly onStopping: () => void
}

export interface Outcome {
  readonly exit: number
  /** Why the start failed; null otherwise. */
  readonly reason: string | null
}

export interface Master {
  /** Resolves when everything is gone. */
  readonly done: Promise<Outcome>
  post(event: MasterEvent): void
}
