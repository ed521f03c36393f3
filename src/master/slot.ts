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
import type { OwnCause } from '../protocol.ts'
import { type Policy, respawn } from './backoff.ts'
import {
  type Berth,
  type Cause,
  type Child,
  isOrdered,
  type Slot,
  type SlotEffect,
  type SlotEvent,
  type SlotState,
  slotDeadline,
  type Transition,
  UNKILLABLE_AFTER_MS,
} from './slot-state.ts'

const unchanged = (slot: Slot): Transition => ({ slot, effects: [] })

/** The next state of a slot. An event that means nothing in a state changes nothing. */
export function transition(slot: Slot, event: SlotEvent, now: number, policy: Policy): Transition {
  switch (event.type) {
    case 'start':
      return start(slot, event.berth, now, policy)
    case 'spawned':
      return changeChild(slot, () => ({ pid: event.pid }))
    case 'ready':
      return becomeReady(slot, now)
    case 'listening':
      return changeChild(slot, ({ keys }) => ({ keys: keys.includes(event.key) ? keys : [...keys, event.key] }))
    case 'unlisten':
      return changeChild(slot, ({ keys }) => ({ keys: keys.filter((key) => key !== event.key) }))
    case 'pulse':
      return changeChild(slot, () => ({ isLate: event.isLate }))
    case 'draining':
      return drainByItself(slot, event.cause, now, policy)
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
  const child: Child = { ...berth, pid: null, startedAt: now, keys: [], isLate: false }
  const state: SlotState = { name: 'starting', child, deadline: now + policy.bootTimeoutMs }
  return { slot: { ...slot, state, restarts: slot.restarts + 1 }, effects: [{ type: 'spawn', child }] }
}

/** What is known of the child changes, and nothing else. */
function changeChild(slot: Slot, change: (child: Child) => Partial<Child>): Transition {
  if (!('child' in slot.state)) return unchanged(slot)
  const { child } = slot.state
  return unchanged({ ...slot, state: { ...slot.state, child: { ...child, ...change(child) } } })
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

/** A worker that wants to end is told to, by which time others accept for it; it has as long as by our own order. */
function drainByItself(slot: Slot, cause: OwnCause, now: number, policy: Policy): Transition {
  if (slot.state.name !== 'ready') return unchanged(slot)
  const { child } = slot.state
  const deadline = now + policy.stopTimeoutMs
  return {
    slot: { ...slot, state: { name: 'draining', child, deadline, cause } },
    effects: [{ type: 'drain', child }],
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
  if (berth === null || isOrdered(cause)) return { slot: after, effects: [died] }
  const uptimeMs = upSince(state, now)
  const next = afterDeath(after, reason, uptimeMs, berth, now, policy)
  return { slot: next.slot, effects: [died, ...next.effects] }
}

/** How long a child that has ended served, ms; 0 when it never did. */
function upSince(state: SlotState, now: number): number {
  if (state.name === 'ready') return now - state.readyAt
  return state.name === 'draining' ? now - state.child.startedAt : 0
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
