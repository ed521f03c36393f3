/**
 * What a dead worker leaves: commands that must end before its jobs may run again, and jobs that may be to blame.
 * A job is charged with a death only when its worker died alone and not by our order. Pure.
 */
import { type Child, childOf } from './slot-state.ts'
import { type Departure, type MasterState, type Step, stay, type Unjudged, workerId, workerSlots } from './state.ts'

/** Deaths this close to each other have one cause: a cgroup out of memory, an operator's `kill` of them all. */
export const TOGETHER_MS = 1000

/** A worker is gone: its commands are ended first. @param death what its record in the scoreboard said it was running */
export function departed(state: MasterState, index: number, child: Child, death: Omit<Departure, 'worker'>): Step {
  const worker = workerId(state, index, child)
  const departure: Departure = { worker, ...death }
  return {
    state: { ...state, departures: [...state.departures, departure] },
    actions: [{ type: 'end-commands', worker }],
  }
}

/** Nothing of the worker runs any more: it is judged next. */
export function commandsEnded(state: MasterState, worker: string): Step {
  const departure = state.departures.find((one) => one.worker === worker)
  if (departure === undefined) return stay(state)
  const departures = state.departures.filter((one) => one !== departure)
  const unjudged = [...state.unjudged, { ...departure, deadline: departure.at + TOGETHER_MS }]
  return stay({ ...state, departures, unjudged })
}

/** Leases go back as soon as it is clear what is charged, to the store or to the next one when there is none. */
export function judgeDepartures(state: MasterState, now: number): Step {
  const isDue = (one: Unjudged) => one.deadline <= now || !mayBeCharged(state, one)
  const due = state.unjudged.filter(isDue)
  if (due.length === 0) return stay(state)
  const gone = due.map((one) => ({ worker: one.worker, charged: isCharged(state, one) ? one.inHand : [] }))
  const told: MasterState = {
    ...state,
    unjudged: state.unjudged.filter((one) => !isDue(one)),
    untold: [...state.untold, ...gone],
  }
  return state.store.state.name === 'ready' ? tellUntold(told) : stay(told)
}

/** It is tried again for as long as the daemon runs. When it stops, the leases stay taken: the next start looks again. */
export function commandsStuck(state: MasterState, worker: string): Step {
  if (state.phase.name !== 'draining') return { state, actions: [{ type: 'end-commands', worker }] }
  return stay({ ...state, departures: state.departures.filter((one) => one.worker !== worker) })
}

/** Whether this death may say something about the jobs in hand: not ordered, and not while there is no store. */
function mayBeCharged(state: MasterState, departure: Departure): boolean {
  const { inHand, ordered } = departure
  if (ordered || inHand.length === 0) return false
  return state.phase.name === 'running' && state.store.state.name === 'ready'
}

/** Charged when somebody else is there who was there before, so that not all have died of one cause. */
function isCharged(state: MasterState, departure: Departure): boolean {
  if (!mayBeCharged(state, departure)) return false
  const deaths = workerSlots(state).flatMap((slot) => slot.deaths.filter((at) => at > departure.at - TOGETHER_MS))
  const since = Math.min(departure.at, ...deaths)
  const survivors = workerSlots(state).some((slot) => {
    const child = childOf(slot)
    return child !== null && child.startedAt < since
  })
  return survivors || state.proc === 1
}

/** The store is there: what it has missed. */
export function tellUntold(state: MasterState): Step {
  return {
    state: { ...state, untold: [] },
    actions: state.untold.map((gone) => ({ type: 'tell-store', gone }) as const),
  }
}

/** Workers that may hold jobs: the living, and the dead of whom the store was not told. */
export function holders(state: MasterState): string[] {
  const living = workerSlots(state).flatMap((slot) => {
    const child = childOf(slot)
    return child === null ? [] : [workerId(state, slot.index, child)]
  })
  return [...living, ...[...state.departures, ...state.unjudged, ...state.untold].map((gone) => gone.worker)]
}
