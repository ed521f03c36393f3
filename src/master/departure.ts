/**
 * What a dead worker leaves: commands that must end before its jobs may run again, and jobs that may be to blame.
 * A job is charged with a death only when its worker died alone and not by our order. Pure.
 */
import { type Child, childOf } from './slot.ts'
import { type Departure, type MasterState, type Step, stay, workerId, workerSlots } from './state.ts'

/** A worker is gone: its commands are ended first. @param death what its record in the scoreboard said it was running */
export function departed(state: MasterState, index: number, child: Child, death: Omit<Departure, 'worker'>): Step {
  const worker = workerId(state, index, child)
  const departure: Departure = { worker, ...death }
  return {
    state: { ...state, departures: [...state.departures, departure] },
    actions: [{ type: 'end-commands', worker }],
  }
}

/** Nothing of the worker runs any more: its leases go back, now or when there is a store to tell. */
export function commandsEnded(state: MasterState, worker: string): Step {
  const departure = state.departures.find((one) => one.worker === worker)
  if (departure === undefined) return stay(state)
  const charged = isAlone(state, departure) ? departure.inHand : []
  const gone = { worker, charged }
  const departures = state.departures.filter((one) => one !== departure)
  if (state.store.state.name === 'ready')
    return { state: { ...state, departures }, actions: [{ type: 'tell-store', gone }] }
  return stay({ ...state, departures, untold: [...state.untold, gone] })
}

/** It is tried again for as long as the daemon runs. When it stops, the leases stay taken: the next start looks again. */
export function commandsStuck(state: MasterState, worker: string): Step {
  if (state.phase.name !== 'draining') return { state, actions: [{ type: 'end-commands', worker }] }
  return stay({ ...state, departures: state.departures.filter((one) => one.worker !== worker) })
}

/** Whether this death says something about the jobs in hand: not ordered, not everybody's, not while there is no store. */
function isAlone(state: MasterState, departure: Departure): boolean {
  if (departure.ordered || state.phase.name !== 'running') return false
  if (state.store.state.name !== 'ready') return false
  const survivors = workerSlots(state).some((slot) => {
    const child = childOf(slot)
    return child !== null && child.startedAt < departure.at
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

/** Workers that may hold jobs: the living, and the dead whose commands still run. */
export function holders(state: MasterState): string[] {
  const living = workerSlots(state).flatMap((slot) => {
    const child = childOf(slot)
    return child === null ? [] : [workerId(state, slot.index, child)]
  })
  return [
    ...living,
    ...state.departures.map((departure) => departure.worker),
    ...state.untold.map((gone) => gone.worker),
  ]
}
