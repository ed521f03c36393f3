/** How the daemon ends: workers first, the store when no worker and no command is left, then the master. Pure. */
import { drainPlace, drainStore, killEveryone } from './crew.ts'
import { abandonReload } from './reload.ts'
import { childOf } from './slot-state.ts'
import { emit, type MasterState, type Step, stay, then, workerSlots } from './state.ts'

/** Begins a graceful stop; a second call changes nothing. @param exit what the master ends with */
export function stop(state: MasterState, cause: string, exit: number, now: number): Step {
  if (state.phase.name === 'draining' || state.phase.name === 'stopped') return stay(state)
  const reason = state.phase.name === 'starting' ? `stopped during the start: ${cause}` : null
  return drainAll(state, cause, exit, reason, now)
}

/** The start cannot succeed: everything that was started is ended. */
export function failStart(state: MasterState, exit: number, now: number): Step {
  if (state.phase.name !== 'starting') return stay(state)
  const { firstFailure, since } = state.phase
  const reason = firstFailure ?? `not ready after ${Math.round((now - since) / 1000)} s (startTimeout)`
  const failed: Step = { state, actions: [emit({ type: 'daemon.failed', reason, exit })] }
  return then(failed, (s) => drainAll(s, 'the start failed', exit, reason, now))
}

function drainAll(state: MasterState, cause: string, exit: number, reason: string | null, now: number): Step {
  const stopping: Step = {
    state: { ...state, phase: { name: 'draining', exit, reason } },
    actions: [emit({ type: 'daemon.stopping', cause })],
  }
  const abandoned = then(stopping, (s) => abandonReload(s, 'the daemon stops'))
  return state.places.reduce<Step>((step, _, index) => then(step, (s) => drainPlace(s, index, 'stop', now)), abandoned)
}

/** At once: nobody is asked any more. */
export function quit(state: MasterState, now: number): Step {
  const exit = state.phase.name === 'starting' ? 1 : 0
  return then(stop(state, 'at once', exit, now), (s) => killEveryone(s, 'quit', now))
}

/** Goes on with a stop: the store after the workers and their commands, the master after the store. */
export function continueStop(state: MasterState, now: number): Step {
  if (state.phase.name !== 'draining') return stay(state)
  const busy = workerSlots(state).some((slot) => childOf(slot) !== null)
  if (busy || state.departures.length > 0) return stay(state)
  const ended = drainStore(state, now)
  if (childOf(ended.state.store) !== null) return ended
  const { exit, reason } = state.phase
  return {
    state: { ...ended.state, phase: { name: 'stopped', exit, reason } },
    actions: [...ended.actions, emit({ type: 'daemon.stopped', exit }), { type: 'finish', exit, reason }],
  }
}
