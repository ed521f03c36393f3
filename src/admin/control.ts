/**
 * What goes over the control socket NAME.sock: one JSON request per line, one JSON answer for each, in order of being
 * done. `id` is the client's and comes back. Requests and answers of one build; another build may know fewer commands.
 */
export type ControlCommand =
  | { readonly command: 'status' }
  | { readonly command: 'reload' }
  /** The graceful stop, however often it is asked for; answered at once. */
  | { readonly command: 'stop' }
  | { readonly command: 'scale'; readonly proc: number }

export interface ControlAnswer {
  /** 0, or the exit code that the command line should end with. */
  readonly exit: number
  readonly message: string
  /** For `status`. */
  readonly status?: Status
}

export interface WorkerStatus {
  readonly slot: number
  readonly pid: number | null
  readonly state: string
  /** ISO 8601; null when nobody is there. */
  readonly startedAt: string | null
  readonly restarts: number
  readonly generation: number | null
  readonly anonBytes: number | null
  readonly lastExit: string | null
  /** When a slot without a child is tried again, ms from now; null otherwise. */
  readonly retryInMs: number | null
  readonly jobsDone: number
  readonly jobsFailed: number
  /** Ids of the jobs it runs now. */
  readonly inHand: readonly number[]
}

export interface Status {
  readonly name: string
  readonly version: string
  readonly buildId: string
  readonly pid: number
  readonly state: string
  readonly startedAt: string
  readonly uptimeSeconds: number
  readonly proc: number
  readonly generation: number
  /** Addresses that clients can connect to: `127.0.0.1:8080`, `/run/x.sock`. */
  readonly listen: readonly string[]
  readonly workers: readonly WorkerStatus[]
  readonly store: WorkerStatus
  readonly anonBytes: number | null
  readonly metrics: Readonly<Record<string, number>>
}

/** @returns null for what is no request of this version */
export function parseControlCommand(value: Record<string, unknown>): ControlCommand | null {
  switch (value.command) {
    case 'status':
    case 'reload':
    case 'stop':
      return { command: value.command }
    case 'scale': {
      const { proc } = value
      const valid = typeof proc === 'number' && Number.isInteger(proc) && proc >= 1 && proc <= 1024
      return valid ? { command: 'scale', proc } : null
    }
    default:
      return null
  }
}
