/**
 * One slot: the place of one worker (or of the store), whoever runs in it. Pure.
 *
 *   empty → starting → ready → draining → killing → (exit) empty
 *              │          │
 *              └─ death ──┴→ starting (was up long enough) | backoff → starting | failed → starting
 *
 * Invariants: a child is in exactly one state; a death that we ordered (draining, killing) never counts against the
 * slot; `failed` without a deadline is for good (the child said EX_CONFIG) until an operator reloads.
 */
import { assertNever } from '../errors.ts'
import type { ExitReason } from '../exit-reason.ts'
import { type Policy, respawn } from './backoff.ts'

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
}

/** Why we end a child. */
export type Cause = 'stop' | 'scale' | 'reload' | 'boot-timeout' | 'stop-timeout' | 'quit' | 'reload-failed'

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

const unchanged = (slot: Slot): Transition => ({ slot, effects: [] })

/** The next state of a slot. An event that means nothing in a state changes nothing. */
export function transition(slot: Slot, event: SlotEvent, now: number, policy: Policy): Transition {
  switch (event.type) {
    case 'start':
      return start(slot, event.berth, now, policy)
    case 'spawned':
      return spawned(slot, event.pid)
    case 'ready':
      return becomeReady(slot, now)
    case 'exited':
      return exited(slot, event.reason, event.berth, now, policy)
    case 'drain':
      return drain(slot, event.cause, now, policy)
    case 'kill':
      return kill(slot, event.cause, now)
    case 'deadline':
      return passDeadline(slot, event.berth, now, policy)
    default:
      return assertNever(event)
  }
}

function start(slot: Slot, berth: Berth, now: number, policy: Policy): Transition {
  if ('child' in slot.state) return unchanged(slot)
  const child: Child = { ...berth, pid: null, startedAt: now }
  const state: SlotState = { name: 'starting', child, deadline: now + policy.bootTimeoutMs }
  return { slot: { ...slot, state, restarts: slot.restarts + 1 }, effects: [{ type: 'spawn', child }] }
}

function spawned(slot: Slot, pid: number): Transition {
  if (!('child' in slot.state)) return unchanged(slot)
  return unchanged({ ...slot, state: { ...slot.state, child: { ...slot.state.child, pid } } })
}

function becomeReady(slot: Slot, now: number): Transition {
  if (slot.state.name !== 'starting') return unchanged(slot)
  const { child } = slot.state
  return {
    slot: { ...slot, state: { name: 'ready', child, readyAt: now } },
    effects: [{ type: 'ready', child, bootMs: now - child.startedAt }],
  }
}

function drain(slot: Slot, cause: Cause, now: number, policy: Policy): Transition {
  switch (slot.state.name) {
    case 'starting':
    case 'ready': {
      const { child } = slot.state
      const order = slot.state.name === 'ready' ? 'drain' : 'terminate'
      return {
        slot: { ...slot, state: { name: 'draining', child, deadline: now + policy.stopTimeoutMs, cause } },
        effects: [{ type: order, child }],
      }
    }
    case 'backoff':
    case 'failed':
      return unchanged({ ...slot, state: { name: 'empty' } })
    default:
      return unchanged(slot)
  }
}

function kill(slot: Slot, cause: Cause, now: number): Transition {
  if (!('child' in slot.state)) return unchanged({ ...slot, state: { name: 'empty' } })
  if (slot.state.name === 'killing') return unchanged(slot)
  const { child } = slot.state
  return {
    slot: { ...slot, state: { name: 'killing', child, deadline: now + UNKILLABLE_AFTER_MS, cause } },
    effects: [{ type: 'kill', child, cause }],
  }
}

function passDeadline(slot: Slot, berth: Berth | null, now: number, policy: Policy): Transition {
  const due = slotDeadline(slot)
  if (due === null || due > now) return unchanged(slot)
  const { state } = slot
  switch (state.name) {
    case 'starting':
      return kill(slot, 'boot-timeout', now)
    case 'draining':
      return kill(slot, state.cause === 'stop' ? 'stop' : 'stop-timeout', now)
    case 'killing':
      return {
        slot: { ...slot, state: { ...state, deadline: now + UNKILLABLE_AFTER_MS } },
        effects: [{ type: 'unkillable', child: state.child }],
      }
    case 'backoff':
    case 'failed':
      return berth === null ? unchanged({ ...slot, state: { name: 'empty' } }) : start(slot, berth, now, policy)
    default:
      return unchanged(slot)
  }
}

function exited(slot: Slot, reason: ExitReason, berth: Berth | null, now: number, policy: Policy): Transition {
  const { state } = slot
  if (!('child' in state)) return unchanged(slot)
  const ordered = state.name === 'draining' || state.name === 'killing'
  const cause = ordered ? state.cause : null
  const died: SlotEffect = { type: 'died', child: state.child, reason, cause, wasReady: state.name !== 'starting' }
  const after: Slot = { ...slot, lastExit: reason, state: { name: 'empty' } }
  if (berth === null || (ordered && cause !== 'boot-timeout')) return { slot: after, effects: [died] }
  const uptimeMs = state.name === 'ready' ? now - state.readyAt : 0
  const next = afterDeath(after, reason, uptimeMs, berth, now, policy)
  return { slot: next.slot, effects: [died, ...next.effects] }
}

/** What follows a death that we did not order, or a boot that took too long. */
function afterDeath(
  slot: Slot,
  reason: ExitReason,
  uptimeMs: number,
  berth: Berth,
  now: number,
  policy: Policy,
): Transition {
  const deaths = [...slot.deaths.filter((at) => at > now - policy.restartWindowMs), now]
  const counted: Slot = { ...slot, deaths }
  const verdict = respawn({ reason, uptimeMs, deaths: deaths.length, index: slot.index, now }, policy)
  switch (verdict.type) {
    case 'at-once':
      return start(counted, berth, now, policy)
    case 'backoff': {
      const state: SlotState = { name: 'backoff', deadline: now + verdict.delayMs }
      return { slot: { ...counted, state }, effects: [{ ...verdict, deaths: deaths.length }] }
    }
    case 'failed': {
      const deadline = verdict.retryMs === null ? null : now + verdict.retryMs
      const state: SlotState = { name: 'failed', deadline, exit: reason }
      return { slot: { ...counted, state }, effects: [{ ...verdict, deaths: deaths.length }] }
    }
    default:
      return assertNever(verdict)
  }
}
