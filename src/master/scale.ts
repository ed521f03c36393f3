/** More or fewer workers while running. Pure. */
import { plural } from '../plural.ts'
import { drainPlace, startWorker } from './crew.ts'
import { emit, type MasterState, type RequestId, type Step, stay, then } from './state.ts'

export const PROC_MAX = 1024

export function scaleTo(state: MasterState, proc: number, now: number): Step {
  if (proc === state.proc) return stay(state)
  const changed: Step = {
    state: { ...state, proc },
    actions: [emit({ type: 'scale.changed', from: state.proc, to: proc })],
  }
  const indexes = Array.from({ length: Math.max(state.places.length, proc) }, (_, index) => index)
  return indexes.reduce<Step>((step, index) => then(step, (s) => fit(s, index, now)), changed)
}

/** Starts who is missing in a place, or ends who is too many. A place that still drains is started again by its exit. */
function fit(state: MasterState, index: number, now: number): Step {
  if (index >= state.proc) return drainPlace(state, index, 'scale', now)
  const current = state.places[index]?.current
  return current === undefined || current.state.name === 'empty' ? startWorker(state, index, now) : stay(state)
}

/** After an exit: places below `proc` that are empty get a worker. */
export function refill(state: MasterState, now: number): Step {
  if (state.phase.name !== 'running' && state.phase.name !== 'starting') return stay(state)
  return state.places
    .slice(0, state.proc)
    .reduce<Step>((step, _, index) => then(step, (s) => fit(s, index, now)), stay(state))
}

export function scaleBy(state: MasterState, more: number, now: number): Step {
  if (state.phase.name !== 'running') {
    return { state, actions: [emit({ type: 'control.refused', reason: 'scale: not running yet' })] }
  }
  return scaleTo(state, Math.min(PROC_MAX, Math.max(1, state.proc + more)), now)
}

export function requestScale(state: MasterState, id: RequestId, proc: number, now: number): Step {
  if (state.phase.name !== 'running') {
    const message = state.phase.name === 'starting' ? 'the daemon is still starting' : 'the daemon stops'
    return { state, actions: [{ type: 'answer', id, exit: 1, message }] }
  }
  const before = state.proc
  const step = scaleTo(state, proc, now)
  const message = before === proc ? `${plural(proc, 'worker')} already` : `${before} → ${plural(proc, 'worker')}`
  return { state: step.state, actions: [...step.actions, { type: 'answer', id, exit: 0, message }] }
}
