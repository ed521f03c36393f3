/** The children as a crew: passes events to the slot they belong to and turns what slots want into actions. Pure. */
import type { ExitReason } from '../exit-reason.ts'
import { transition } from './slot.ts'
import { followAll, type Position } from './slot-effect.ts'
import { type Berth, type Cause, childOf, emptySlot, type Slot, type SlotEvent } from './slot-state.ts'
import { type MasterState, nextBerth, type Place, STORE_INDEX, type Step, stay, then, workerSlots } from './state.ts'

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

/**
 * Nobody follows who was started beside another, and nobody while the daemon stops, but for the store: workers still
 * have results to report.
 */
function followingBerth(state: MasterState, position: Position): Berth | null {
  if (position.part === 'beside') return null
  const isNeeded = position.part === 'store' && (state.departures.length > 0 || workerSlots(state).some(isSeated))
  if (state.phase.name === 'draining' && !isNeeded) return null
  return nextBerth(state, position.index)
}

const isSeated = (slot: Slot): boolean => childOf(slot) !== null

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

function everyPosition(state: MasterState): Position[] {
  const workers = state.places.flatMap<Position>(({ beside }, index) => {
    const current: Position = { index, part: 'current' }
    return beside === null ? [current] : [current, { index, part: 'beside' }]
  })
  return [...workers, { index: STORE_INDEX, part: 'store' }]
}

export function killEveryone(state: MasterState, cause: Cause, now: number): Step {
  return everyPosition(state).reduce<Step>(
    (step, at) => then(step, (s) => tell(s, at, { type: 'kill', cause }, now)),
    stay(state),
  )
}

/** Lets every slot act on a deadline that has passed. */
export function passDeadlines(state: MasterState, now: number): Step {
  return everyPosition(state).reduce<Step>(
    (step, at) => then(step, (s) => tell(s, at, { type: 'deadline' }, now)),
    stay(state),
  )
}
