/** What the slots of the crew want, as actions: what is told to whom, and what is told of it. Pure. */
import { assertNever } from '../errors.ts'
import type { ChildName } from '../events.ts'
import { describeExit } from '../exit-reason.ts'
import { departed } from './departure.ts'
import { isOrdered, type SlotEffect } from './slot-state.ts'
import { emit, type MasterState, type Step, stay, then } from './state.ts'

/** Where a child sits. */
export type Position = { readonly index: number; readonly part: 'current' | 'beside' | 'store' }

/** When it happened, and what a child that ended was running. */
interface Moment {
  readonly now: number
  readonly inHand: readonly number[]
}

export function followAll(
  state: MasterState,
  position: Position,
  effects: readonly SlotEffect[],
  moment: Moment,
): Step {
  return effects.reduce<Step>((step, effect) => then(step, (s) => follow(s, position, effect, moment)), stay(state))
}

function nameOf(position: Position, pid: number | null): ChildName {
  return position.part === 'store' ? { kind: 'store', slot: 0, pid } : { kind: 'worker', slot: position.index, pid }
}

function follow(state: MasterState, position: Position, effect: SlotEffect, moment: Moment): Step {
  const kind = position.part === 'store' ? 'store' : 'worker'
  switch (effect.type) {
    case 'spawn':
      return {
        state: { ...state, nextId: state.nextId + 1 },
        actions: [{ type: 'spawn', kind, index: position.index, child: effect.child }],
      }
    case 'drain':
    case 'terminate':
      return { state, actions: [{ type: effect.type, child: effect.child }] }
    case 'kill': {
      const event = { type: 'child.killed', child: nameOf(position, effect.child.pid), cause: effect.cause } as const
      return { state, actions: [emit(event), { type: 'kill', child: effect.child }] }
    }
    case 'unkillable':
      return { state, actions: [emit({ type: 'child.unkillable', child: nameOf(position, effect.child.pid) })] }
    case 'ready': {
      const child = nameOf(position, effect.child.pid)
      return { state, actions: [emit({ type: 'child.ready', child, bootMs: effect.bootMs })] }
    }
    case 'died':
      return died(state, position, effect, moment)
    case 'backoff':
    case 'failed': {
      const child = nameOf(position, null)
      const event =
        effect.type === 'backoff'
          ? ({ type: 'slot.backoff', child, delayMs: effect.delayMs, deaths: effect.deaths } as const)
          : ({ type: 'slot.failed', child, retryMs: effect.retryMs, deaths: effect.deaths } as const)
      return { state, actions: [emit(event)] }
    }
    default:
      return assertNever(effect)
  }
}

function died(state: MasterState, position: Position, effect: Died, { now, inHand }: Moment): Step {
  const { child, reason, cause } = effect
  const noted = !isOrdered(cause) ? noteFirstFailure(state, position, effect) : state
  const told: Step = {
    state: noted,
    actions: [emit({ type: 'child.exited', child: nameOf(position, child.pid), reason, cause, inHand })],
  }
  if (position.part === 'store') return told
  return then(told, (s) =>
    departed(s, position.index, child, { inHand, at: now, ordered: cause !== null && cause !== 'failed' }),
  )
}

type Died = Extract<SlotEffect, { type: 'died' }>

/** The first child that died explains a start that fails. */
function noteFirstFailure(state: MasterState, position: Position, effect: Died): MasterState {
  if (state.phase.name !== 'starting' || state.phase.firstFailure !== null) return state
  const who = position.part === 'store' ? 'the store' : `worker ${position.index}`
  const firstFailure = `${who} ${describeFailure(effect, state.policy.bootTimeoutMs)}`
  return { ...state, phase: { ...state.phase, firstFailure } }
}

function describeFailure({ cause, wasReady, reason }: Died, bootTimeoutMs: number): string {
  if (cause === 'boot-timeout') return `was not ready within ${bootTimeoutMs / 1000} s (bootTimeout)`
  return `ended before ${wasReady ? 'the daemon' : 'it'} was ready: ${describeExit(reason)}`
}
