/** The states of a slot, what may happen to it, and what it then wants; small look-ups. Pure. */
import type { ExitReason } from '../exit-reason.ts'
import type { OwnCause, SocketKey } from '../protocol.ts'

export interface Child {
  /** The child's record in the scoreboard; no two living children share one. */
  readonly seat: number
  /** Counts every child of this master: names one process for good. */
  readonly id: number
  readonly generation: number
  /** null until the spawn was reported. */
  readonly pid: number | null
  /** Monotonic ms. */
  readonly startedAt: number
  /** What a worker accepts on. */
  readonly keys: readonly SocketKey[]
  /** Its heartbeat is late: its loop is blocked, or it is stopped. */
  readonly isLate: boolean
}

/** Why we end a child. */
export type Cause = 'stop' | 'scale' | 'reload' | 'boot-timeout' | 'stop-timeout' | 'quit' | 'reload-failed' | OwnCause

/** All `…At` and `deadline`: monotonic ms. */
export type SlotState =
  | { readonly name: 'empty' }
  | { readonly name: 'starting'; readonly child: Child; readonly deadline: number }
  | { readonly name: 'ready'; readonly child: Child; readonly readyAt: number }
  | { readonly name: 'draining'; readonly child: Child; readonly deadline: number; readonly cause: Cause }
  | { readonly name: 'killing'; readonly child: Child; readonly deadline: number; readonly cause: Cause }
  | { readonly name: 'backoff'; readonly deadline: number }
  | { readonly name: 'failed'; readonly deadline: number | null; readonly exit: ExitReason | null }

export interface Slot {
  /** 0 is the first worker; the store has an index of its own. */
  readonly index: number
  readonly state: SlotState
  /** Times of deaths that we did not order, oldest first, within the policy's window. */
  readonly deaths: readonly number[]
  /** Children started in this slot after the first. */
  readonly restarts: number
  readonly lastExit: ExitReason | null
}

/** What a child that is started next would be given. */
export interface Berth {
  readonly seat: number
  readonly id: number
  readonly generation: number
}

export type SlotEvent =
  | { readonly type: 'start'; readonly berth: Berth }
  | { readonly type: 'spawned'; readonly pid: number }
  | { readonly type: 'ready' }
  | { readonly type: 'listening'; readonly key: SocketKey }
  | { readonly type: 'unlisten'; readonly key: SocketKey }
  | { readonly type: 'pulse'; readonly isLate: boolean }
  /** It drains without our order. */
  | { readonly type: 'draining'; readonly cause: OwnCause }
  /** `berth`, here and below: of who would follow; null when nobody is to. */
  | { readonly type: 'exited'; readonly reason: ExitReason; readonly berth: Berth | null }
  | { readonly type: 'drain'; readonly cause: Cause }
  | { readonly type: 'kill'; readonly cause: Cause }
  | { readonly type: 'deadline'; readonly berth: Berth | null }

export type SlotEffect =
  | { readonly type: 'spawn'; readonly child: Child }
  /** Asks over the channel: take no more work, end when what is in hand is done. */
  | { readonly type: 'drain'; readonly child: Child }
  /** Ends a child that never got ready: it may not listen to its channel yet. */
  | { readonly type: 'terminate'; readonly child: Child }
  | { readonly type: 'kill'; readonly child: Child; readonly cause: Cause }
  | { readonly type: 'unkillable'; readonly child: Child }
  | { readonly type: 'ready'; readonly child: Child; readonly bootMs: number }
  /** `cause`: our order, or null when it was not by us. */
  | {
      readonly type: 'died'
      readonly child: Child
      readonly reason: ExitReason
      readonly cause: Cause | null
      readonly wasReady: boolean
    }
  | { readonly type: 'backoff'; readonly delayMs: number; readonly deaths: number }
  | { readonly type: 'failed'; readonly retryMs: number | null; readonly deaths: number }

export interface Transition {
  readonly slot: Slot
  readonly effects: readonly SlotEffect[]
}

/** After a KILL the kernel needs a moment; longer means the process hangs in the kernel (state D). */
export const UNKILLABLE_AFTER_MS = 5000

/** Whether an end with this cause says nothing against the worker: we wanted it, or an operator did. */
export function isOrdered(cause: Cause | null): boolean {
  return cause !== null && cause !== 'boot-timeout' && cause !== 'failed'
}

export function emptySlot(index: number): Slot {
  return { index, state: { name: 'empty' }, deaths: [], restarts: -1, lastExit: null }
}

/** The child that is in the slot, or null. */
export function childOf(slot: Slot): Child | null {
  return 'child' in slot.state ? slot.state.child : null
}

/** When the slot wants to be woken, monotonic ms; null for never. */
export function slotDeadline(slot: Slot): number | null {
  return 'deadline' in slot.state ? slot.state.deadline : null
}

/** Each worker slot has two seats, so that a successor can start beside the one it replaces. */
export function seatsOf(index: number): readonly [number, number] {
  return [index * 2, index * 2 + 1]
}

export function otherSeat(seat: number): number {
  return seat ^ 1
}
