/** The children as a crew: passes events to the slot they belong to and turns what slots want into actions. Pure. */
import { assertNever } from '../errors.ts'
import type { ChildName } from '../events.ts'
import { describeExit, type ExitReason } from '../exit-reason.ts'
import { departed } from './departure.ts'
import {
  type Berth,
  type Cause,
  childOf,
  emptySlot,
  type Slot,
  type SlotEffect,
  type SlotEvent,
  transition,
} from './slot.ts'
import { emit, type MasterState, nextBerth, type Place, STORE_INDEX, type Step, stay, then } from './state.ts'

/** Where a child sits. */
type Position = { readonly index: number; readonly part: 'current' | 'beside' | 'store' }

/** The position of the child in a seat; null when it is long gone. */
function findSeat(state: MasterState, seat: number): Position | null {
  if (childOf(state.store)?.seat === seat) return { index: STORE_INDEX, part: 'store' }
  const index = seat >> 1
  const place = state.places[index]
  if (place === undefined) return null
  if (childOf(place.current)?.seat === seat) return { index, part: 'current' }
  if (place.beside !== null && childOf(place.beside.slot)?.seat === seat) return { index, part: 'beside' }
  return null
}

function slotAt(state: MasterState, position: Position): Slot {
  if (position.part === 'store') return state.store
  const place = state.places[position.index]
  const slot = position.part === 'current' ? place?.current : place?.beside?.slot
  if (slot === undefined) throw new Error(`no slot at ${position.index} ${position.part}`)
  return slot
}

export function setPlace(state: MasterState, index: number, place: Place): MasterState {
  const places = [...state.places]
  places[index] = place
  return { ...state, places }
}

function putSlot(state: MasterState, position: Position, slot: Slot): MasterState {
  if (position.part === 'store') return { ...state, store: slot }
  const place = state.places[position.index]
  if (place === undefined) throw new Error(`no place ${position.index}`)
  if (position.part === 'current') return setPlace(state, position.index, { ...place, current: slot })
  if (place.beside === null) throw new Error(`nothing beside ${position.index}`)
  if ('child' in slot.state) return setPlace(state, position.index, { ...place, beside: { ...place.beside, slot } })
  // Who is beside is there for a child: a successor that died is not tried again here, a retiring one is done.
  return setPlace(state, position.index, { current: { ...place.current, lastExit: slot.lastExit }, beside: null })
}

/** Hands an event to the slot of a seat; nothing happens when nobody sits there any more. */
export function tellSeat(state: MasterState, seat: number, event: SeatEvent, now: number): Step {
  const position = findSeat(state, seat)
  return position === null ? stay(state) : tell(state, position, event, now)
}

/** A slot event without its berth: the crew knows which one is free. `inHand`: the jobs a child had when it ended. */
export type SeatEvent =
  | Exclude<SlotEvent, { berth: unknown }>
  | { readonly type: 'exited'; readonly reason: ExitReason; readonly inHand: readonly number[] }
  | { readonly type: 'deadline' }

function tell(state: MasterState, position: Position, event: SeatEvent | { type: 'start' }, now: number): Step {
  const { slot, effects } = transition(slotAt(state, position), addBerth(state, position, event), now, state.policy)
  const inHand = event.type === 'exited' ? event.inHand : []
  return followAll(putSlot(state, position, slot), position, effects, { now, inHand })
}

function addBerth(state: MasterState, position: Position, event: SeatEvent | { type: 'start' }): SlotEvent {
  switch (event.type) {
    case 'start':
      return { type: 'start', berth: nextBerth(state, position.index) }
    case 'deadline':
      return { type: 'deadline', berth: followingBerth(state, position) }
    case 'exited':
      return { type: 'exited', reason: event.reason, berth: followingBerth(state, position) }
    default:
      return event
  }
}

/** Nobody follows while the daemon stops, and nobody follows who was started beside another. */
function followingBerth(state: MasterState, position: Position): Berth | null {
  if (state.phase.name === 'draining' || position.part === 'beside') return null
  return nextBerth(state, position.index)
}

interface Moment {
  readonly now: number
  readonly inHand: readonly number[]
}

function followAll(state: MasterState, position: Position, effects: readonly SlotEffect[], moment: Moment): Step {
  return effects.reduce<Step>((step, effect) => then(step, (s) => follow(s, position, effect, moment)), stay(state))
}

function nameOf(position: Position, pid: number | null): ChildName {
  return position.part === 'store' ? { kind: 'store', slot: 0, pid } : { kind: 'worker', slot: position.index, pid }
}

/** What a slot wants, as actions. */
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
  const noted = cause === null || cause === 'boot-timeout' ? noteFirstFailure(state, position, effect) : state
  const told: Step = {
    state: noted,
    actions: [emit({ type: 'child.exited', child: nameOf(position, child.pid), reason, cause, inHand })],
  }
  if (position.part === 'store') return told
  return then(told, (s) => departed(s, position.index, child, { inHand, at: now, ordered: cause !== null }))
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

export function startStore(state: MasterState, now: number): Step {
  return tell(state, { index: STORE_INDEX, part: 'store' }, { type: 'start' }, now)
}

export function startWorker(state: MasterState, index: number, now: number): Step {
  const place = state.places[index] ?? { current: emptySlot(index), beside: null }
  return tell(setPlace(state, index, place), { index, part: 'current' }, { type: 'start' }, now)
}

/** Starts a successor beside the worker that serves. */
export function startSuccessor(state: MasterState, index: number, now: number): Step {
  const place = state.places[index]
  const seated = place === undefined ? null : childOf(place.current)
  if (place === undefined || seated === null) return startWorker(state, index, now)
  const slot = { ...emptySlot(index), restarts: place.current.restarts }
  const berth = { seat: seated.seat ^ 1, id: state.nextId, generation: state.generation }
  const started = transition(slot, { type: 'start', berth }, now, state.policy)
  const moved = setPlace(state, index, { ...place, beside: { role: 'successor', slot: started.slot } })
  return followAll(moved, { index, part: 'beside' }, started.effects, { now, inHand: [] })
}

/** Orders everyone in a place, or the store, to end. */
export function drainPlace(state: MasterState, index: number, cause: Cause, now: number): Step {
  const current = tell(state, { index, part: 'current' }, { type: 'drain', cause }, now)
  return then(current, (s) => drainBeside(s, index, cause, now))
}

export function drainBeside(state: MasterState, index: number, cause: Cause, now: number): Step {
  if (state.places[index]?.beside == null) return stay(state)
  return tell(state, { index, part: 'beside' }, { type: 'drain', cause }, now)
}

export function drainStore(state: MasterState, now: number): Step {
  return tell(state, { index: STORE_INDEX, part: 'store' }, { type: 'drain', cause: 'stop' }, now)
}

export function killEveryone(state: MasterState, cause: Cause, now: number): Step {
  const positions = state.places.flatMap<Position>((place, index) =>
    place.beside === null
      ? [{ index, part: 'current' }]
      : [
          { index, part: 'current' },
          { index, part: 'beside' },
        ],
  )
  positions.push({ index: STORE_INDEX, part: 'store' })
  return positions.reduce<Step>((step, at) => then(step, (s) => tell(s, at, { type: 'kill', cause }, now)), stay(state))
}

/** Lets every slot act on a deadline that has passed. */
export function passDeadlines(state: MasterState, now: number): Step {
  const positions = state.places.flatMap<Position>((place, index) =>
    place.beside === null
      ? [{ index, part: 'current' }]
      : [
          { index, part: 'current' },
          { index, part: 'beside' },
        ],
  )
  positions.push({ index: STORE_INDEX, part: 'store' })
  return positions.reduce<Step>((step, at) => then(step, (s) => tell(s, at, { type: 'deadline' }, now)), stay(state))
}
