/**
 * A rolling restart, surge 1: one place at a time, the new worker first; when it is ready and stable, the old one is
 * drained, and when that is gone the next place follows. A failure ends the reload and keeps who serves. Pure.
 *
 *   idle → loading (settings are read and checked) → rolling (place 0, 1, …) → idle
 *
 * One reload at a time; one more may wait, however often it is asked for.
 */
import { describeExit } from '../exit-reason.ts'
import { plural } from '../plural.ts'
import type { Policy } from './backoff.ts'
import { setPlace, startSuccessor } from './crew.ts'
import { closeUnused } from './lending.ts'
import { scaleTo } from './scale.ts'
import { transition } from './slot.ts'
import { childOf } from './slot-state.ts'
import {
  emit,
  type MasterAction,
  type MasterState,
  type Place,
  type Reload,
  type RequestId,
  type Step,
  stay,
  then,
} from './state.ts'

type Rolling = Extract<Reload, { name: 'rolling' }>

/** @param id who waits for the outcome; null for a signal */
export function requestReload(state: MasterState, id: RequestId | null): Step {
  const asking = id === null ? [] : [id]
  if (state.phase.name !== 'running') {
    const message = state.phase.name === 'starting' ? 'the daemon is still starting' : 'the daemon stops'
    return { state, actions: [emit({ type: 'reload.rejected', reason: message }), ...answers(asking, 1, message)] }
  }
  if (state.reload.name !== 'idle') {
    return stay({ ...state, reload: { ...state.reload, again: [...(state.reload.again ?? []), ...asking] } })
  }
  return load(state, asking)
}

function load(state: MasterState, requests: readonly RequestId[]): Step {
  return {
    state: { ...state, reload: { name: 'loading', requests, again: null } },
    actions: [{ type: 'load-settings' }],
  }
}

const answers = (ids: readonly RequestId[], exit: number, message: string): MasterAction[] =>
  ids.map((id) => ({ type: 'answer', id, exit, message }))

/** The settings are good: every worker is replaced. @param proc the number the settings say now; null: unchanged */
export function rollOut(state: MasterState, policy: Policy, proc: number | null, now: number): Step {
  if (state.reload.name !== 'loading') return stay(state)
  const generation = state.generation + 1
  const { requests, again } = state.reload
  const before = { policy: state.policy, proc: state.proc }
  const reload: Rolling = { name: 'rolling', requests, again, index: 0, attempted: false, since: now, before }
  const rolling: Step = {
    state: { ...state, policy, generation, reload },
    actions: [{ type: 'adopt-settings' }, emit({ type: 'reload.started', generation })],
  }
  return proc === null ? rolling : then(rolling, (s) => scaleTo(s, proc, now))
}

/** The reload is given up: who serves goes on, and the settings that were in force before it are so again. */
export function rejectReload(state: MasterState, reason: string, exit: number, now: number): Step {
  const { reload } = state
  if (reload.name === 'idle') return stay(state)
  const actions = [emit({ type: 'reload.rejected', reason }), ...answers(reload.requests, exit, reason)]
  const restored = then({ state, actions }, (s) => (reload.name === 'rolling' ? restore(s, reload, now) : stay(s)))
  return then(restored, nextOrIdle)
}

function restore(state: MasterState, { before }: Rolling, now: number): Step {
  const restored: Step = { state: { ...state, policy: before.policy }, actions: [{ type: 'restore-settings' }] }
  return then(restored, (s) => scaleTo(s, before.proc, now))
}

/** A stop wins: nobody waits for an outcome that will not come. */
export function abandonReload(state: MasterState, reason: string): Step {
  if (state.reload.name === 'idle') return stay(state)
  const waiting = [...state.reload.requests, ...(state.reload.again ?? [])]
  return { state: { ...state, reload: { name: 'idle' } }, actions: answers(waiting, 1, reason) }
}

function nextOrIdle(state: MasterState): Step {
  const again = state.reload.name === 'idle' ? null : state.reload.again
  return again === null ? stay({ ...state, reload: { name: 'idle' } }) : load(state, again)
}

/** Goes on with a reload as far as it can at this moment. */
export function continueReload(state: MasterState, now: number): Step {
  const { reload } = state
  if (reload.name !== 'rolling' || state.phase.name !== 'running') return stay(state)
  const place = reload.index < state.proc ? state.places[reload.index] : undefined
  if (place === undefined) return finish(state, reload, now)
  if (place.beside?.role === 'successor') return awaitSuccessor(state, place, reload, now)
  if (place.beside?.role === 'retiring') return stay(state)
  return replace(state, place, reload, now)
}

/** Nobody is beside the place: it is done, is to be replaced, or its successor died. */
function replace(state: MasterState, place: Place, reload: Rolling, now: number): Step {
  const { current } = place
  const seated = childOf(current)
  if (current.state.name === 'ready' && seated?.generation === state.generation) {
    const next: Rolling = { ...reload, index: reload.index + 1, attempted: false }
    return then(stay({ ...state, reload: next }), (s) => continueReload(s, now))
  }
  if (current.state.name === 'starting' || current.state.name === 'draining' || current.state.name === 'killing') {
    return stay(state)
  }
  if (reload.attempted) {
    const how = current.lastExit === null ? '' : `: ${describeExit(current.lastExit)}`
    return rejectReload(state, `the new worker ${reload.index} ended before it was stable${how}`, 1, now)
  }
  return startSuccessor({ ...state, reload: { ...reload, attempted: true } }, reload.index, now)
}

function awaitSuccessor(state: MasterState, place: Place, reload: Rolling, now: number): Step {
  const successor = place.beside?.slot
  if (successor?.state.name !== 'ready' || successor.state.readyAt + state.policy.stableMs > now) return stay(state)
  const old = transition(place.current, { type: 'drain', cause: 'reload' }, now, state.policy)
  const retiring = 'child' in old.slot.state ? ({ role: 'retiring', slot: old.slot } as const) : null
  const current = { ...successor, deaths: place.current.deaths, restarts: place.current.restarts + 1 }
  const swapped = setPlace(state, reload.index, { current, beside: retiring })
  const orders = old.effects.filter((effect) => effect.type === 'drain' || effect.type === 'terminate')
  // Whoever connects to an address that goes is refused from now on, rather than left to wait for nobody.
  const drained = then({ state: swapped, actions: orders }, closeUnused)
  return then(drained, (s) => continueReload(s, now))
}

function finish(state: MasterState, reload: Rolling, now: number): Step {
  const tookMs = now - reload.since
  const done = emit({ type: 'reload.done', generation: state.generation, tookMs })
  const message = `${plural(state.proc, 'worker')} replaced (generation ${state.generation})`
  return then({ state, actions: [done, ...answers(reload.requests, 0, message)] }, nextOrIdle)
}
