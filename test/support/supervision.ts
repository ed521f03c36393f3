/** Words for tests of supervision: a policy, ways to end, and what was wanted. */
import type { DaemonEvent } from '../../src/events.ts'
import type { ExitReason } from '../../src/exit-reason.ts'
import type { Policy } from '../../src/master/backoff.ts'
import type { Child } from '../../src/master/slot-state.ts'
import type { MasterAction } from '../../src/master/state.ts'

/** The defaults of the settings. */
export const POLICY: Policy = {
  startTimeoutMs: 90_000,
  bootTimeoutMs: 60_000,
  stopTimeoutMs: 30_000,
  stableMs: 1000,
  restartDelayMs: 1000,
  restartDelayMaxMs: 60_000,
  restartLimit: 5,
  restartWindowMs: 60_000,
  failedRetryMs: 300_000,
  uptimeResetMs: 30_000,
}

export const code = (value: number): ExitReason => ({ kind: 'code', code: value })
export const killedBy = (signal: string): ExitReason => ({ kind: 'signal', signal })

/** A child as the outside knows it. */
export interface Living {
  readonly kind: 'worker' | 'store'
  readonly index: number
  readonly child: Child
  isReady: boolean
  /** The last order it was given. */
  order: 'drain' | 'terminate' | 'kill' | null
}

/** What a control client got. */
export interface Answer {
  readonly exit: number
  readonly message: string
}

/** Types of the actions; an event by its own type. */
export function namesOf(actions: readonly MasterAction[]): string[] {
  return actions.map((action) => (action.type === 'emit' ? action.event.type : action.type))
}

export function eventsOf<T extends DaemonEvent['type']>(
  actions: readonly MasterAction[],
  type: T,
): Extract<DaemonEvent, { type: T }>[] {
  return actions.flatMap((action) =>
    action.type === 'emit' && action.event.type === type ? [action.event as Extract<DaemonEvent, { type: T }>] : [],
  )
}
