/** What a command is given. Commands print through it and return their exit code; only main.ts exits. */
import type { LaunchRecord } from '../protocol.ts'
import type { BuildInfo } from '../system/executable.ts'
import type { Described } from './describe-service.ts'

export interface CommandContext {
  /** Flags that were given; those without a value have ''. */
  readonly flags: ReadonlyMap<string, readonly string[]>
  /** What stands behind the verb. */
  readonly args: readonly string[]
  /** What stands behind `--`. */
  readonly rest: readonly string[]
  /** The settings among flags and variables, and where they were typed. */
  readonly launch: LaunchRecord
  /** What the service file says of itself; null for the built-in service. */
  readonly described: Described | null
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly build: BuildInfo
  /** Path the program was started by; kept for ps. */
  readonly program: string
  readonly json: boolean
  readonly quiet: boolean
  /** Columns of the terminal; 80 when there is none. */
  readonly width: number
  readonly color: boolean
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
}

export type Command = (context: CommandContext) => Promise<number>
