/** What load clients count: every request, and every failure by its kind, the first few of each described. */

/** How the clients ask. Each has connections of its own. */
export const LOAD_MODES = ['new-connection', 'keep-alive', 'pipelined', 'slow', 'upload'] as const
export type LoadMode = (typeof LOAD_MODES)[number]

/**
 * refused: no connection · reset: the connection was torn down · closed: it was closed before a byte of the answer ·
 * short: it was closed within the answer · wrong-body · status: not 200 · malformed: no HTTP · hang: no answer in time
 */
export const FAILURE_KINDS = [
  'refused',
  'reset',
  'closed',
  'short',
  'wrong-body',
  'status',
  'malformed',
  'hang',
] as const
export type FailureKind = (typeof FAILURE_KINDS)[number]

export interface Failure {
  readonly kind: FailureKind
  readonly detail: string
}

/** A failure with what is needed to find its reason in a log. */
export interface RecordedFailure extends Failure {
  readonly mode: LoadMode
  /** The path that was asked for. */
  readonly request: string
  /** The client's own port; null for a unix socket and before there is a connection. */
  readonly localPort: number | null
  /** Requests that this connection had answered before, and by which process; null when by none. */
  readonly answered: number
  readonly server: string | null
  /** Since the request began. */
  readonly afterMs: number
  /** Since the load began. */
  readonly atMs: number
  /** The same by the clock that all processes share (src/clock.ts). */
  readonly atMonotonicMs: number
}

export interface LoadReport {
  readonly requests: number
  readonly failed: number
  readonly failures: Readonly<Partial<Record<FailureKind, number>>>
  /** Connections that the server closed in order between two requests: no request was lost by them. */
  readonly closedIdle: number
  /** Requests by mode. */
  readonly modes: Readonly<Record<LoadMode, number>>
  /** The slowest answer, its connection included. */
  readonly longestMs: number
  /** The first of each kind; by them `describeReport` tells what happened. */
  readonly recorded: readonly RecordedFailure[]
}

/** Enough for whatever dies with one worker; a load that fails altogether needs no more to be understood. */
const RECORDED_OF_A_KIND = 100
const DESCRIBED_OF_A_KIND = 3

/** Counts up while a load runs. */
export class LoadCount {
  readonly modes = Object.fromEntries(LOAD_MODES.map((mode) => [mode, 0])) as Record<LoadMode, number>
  readonly #failures: Partial<Record<FailureKind, number>> = {}
  readonly #recorded: RecordedFailure[] = []
  #longestMs = 0
  #closedIdle = 0

  addAnswer(mode: LoadMode, afterMs: number): void {
    this.modes[mode]++
    this.#longestMs = Math.max(this.#longestMs, afterMs)
  }

  addFailure(failure: RecordedFailure): void {
    this.modes[failure.mode]++
    const count = (this.#failures[failure.kind] ?? 0) + 1
    this.#failures[failure.kind] = count
    if (count <= RECORDED_OF_A_KIND) this.#recorded.push(failure)
  }

  addIdleClose(): void {
    this.#closedIdle++
  }

  get report(): LoadReport {
    return {
      requests: sum(Object.values(this.modes)),
      failed: sum(Object.values(this.#failures)),
      failures: { ...this.#failures },
      closedIdle: this.#closedIdle,
      modes: { ...this.modes },
      longestMs: this.#longestMs,
      recorded: [...this.#recorded],
    }
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

/** One line for the whole, one for each of the first failures of a kind. */
export function describeReport(report: LoadReport): string {
  const { requests, failed, failures, modes, closedIdle, longestMs, recorded } = report
  const counts = Object.entries({ ...failures, 'closed idle': closedIdle, ...modes })
  const each = counts.map(([name, count]) => `${name} ${count}`).join(', ')
  const whole = `${failed} of ${requests} requests failed (${each}; longest ${Math.round(longestMs)} ms)`
  const first = FAILURE_KINDS.flatMap((kind) =>
    recorded.filter((failure) => failure.kind === kind).slice(0, DESCRIBED_OF_A_KIND),
  )
  return [whole, ...first.map(describeFailure)].join('\n  ')
}

function describeFailure({ kind, detail, mode, request, localPort, answered, server, afterMs, atMs }: RecordedFailure) {
  const earlier = answered === 0 ? 'the first on its connection' : `after ${answered} answers by ${server}`
  const times = `${Math.round(afterMs)} ms after it began, ${Math.round(atMs)} ms after the load did`
  return `${kind}: ${detail}; ${mode} ${request} from port ${localPort}, ${earlier}, ${times}`
}
