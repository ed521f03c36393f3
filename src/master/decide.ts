/**
 * The centre of the master: `decide(state, event, now) → { state, actions }`, pure. Whatever happens (a signal, the
 * exit of a child, a message, a deadline, a command of the operator) comes here as one event; whatever shall be done
 * leaves as actions, whose outcome returns as an event.
 *
 *   daemon: starting → running → draining → stopped
 *
 * Invariants: no worker is started while draining; `finish` is the last action and comes once; a start that fails says
 * why with the first child that could not be started.
 */
import { assertNever } from '../errors.ts'
import { EXIT_CONFIG } from '../exit-reason.ts'
import { passDeadlines, startStore, startWorker, tellSeat } from './crew.ts'
import { commandsEnded, commandsStuck, judgeDepartures, tellUntold } from './departure.ts'
import { continueClosing, continueLending, holdSockets, loanFailed } from './lending.ts'
import { continueReload, rejectReload, requestReload, rollOut } from './reload.ts'
import { refill, requestScale, scaleBy } from './scale.ts'
import { childOf, type Slot } from './slot-state.ts'
import { emit, type MasterEvent, type MasterState, STORE_SEAT, type Step, stay, then, workerSlots } from './state.ts'
import { continueStop, failStart, quit, stop } from './stop.ts'

export function decide(state: MasterState, event: MasterEvent, now: number): Step {
  if (state.phase.name === 'stopped') return stay(state)
  const follow = [
    ...[checkStart, refill, continueReload, judgeDepartures],
    (after: MasterState) => continueClosing(state, after),
    (after: MasterState) => continueLending(state, after),
    continueStop,
  ]
  return follow.reduce((step, next) => then(step, (s) => next(s, now)), dispatch(state, event, now))
}

function dispatch(state: MasterState, event: MasterEvent, now: number): Step {
  switch (event.type) {
    case 'begin':
      return begin(state, now)
    case 'child.spawned':
      return childSpawned(state, event, now)
    case 'child.ready':
      return childReady(state, event.seat, now)
    case 'child.listening':
      return tellSeat(holdSockets(state, [event.socket]), event.seat, { type: 'listening', key: event.socket.key }, now)
    case 'child.unlisten':
      return tellSeat(state, event.seat, { type: 'unlisten', key: event.key }, now)
    case 'child.draining':
      return tellSeat(state, event.seat, { type: 'draining', cause: event.cause }, now)
    case 'child.pulse':
      return childPulse(state, event, now)
    case 'loan.failed':
      return stay(loanFailed(state, event.loan))
    case 'sockets.bound':
      return stay(holdSockets(state, event.sockets))
    case 'child.unable':
      return childUnable(state, event)
    case 'child.exited':
      return childExited(state, event, now)
    case 'commands.ended':
      return commandsEnded(state, event.worker)
    case 'commands.stuck':
      return commandsStuck(state, event.worker)
    case 'signal':
      return receiveSignal(state, event.signal, event.terminal, now)
    case 'launcher.gone':
      return stop(state, 'the launcher is gone', 1, now)
    case 'request':
      return event.request.type === 'reload'
        ? requestReload(state, event.id)
        : requestScale(state, event.id, event.request.proc, now)
    case 'settings.loaded':
      return rollOut(state, event.policy, event.proc, now)
    case 'settings.rejected':
      return rejectReload(state, event.reason, event.exit, now)
    case 'deadline':
      return passDeadlines(state, now)
    default:
      return assertNever(event)
  }
}

function begin(state: MasterState, now: number): Step {
  const places = Array.from({ length: state.proc }, (_, index) => index)
  return places.reduce<Step>((step, index) => then(step, (s) => startWorker(s, index, now)), startStore(state, now))
}

function childSpawned(state: MasterState, event: Extract<MasterEvent, { type: 'child.spawned' }>, now: number): Step {
  return tellSeat(state, event.seat, { type: 'spawned', pid: event.pid }, now)
}

function childReady(state: MasterState, seat: number, now: number): Step {
  const step = tellSeat(state, seat, { type: 'ready' }, now)
  return seat === STORE_SEAT ? then(step, tellUntold) : step
}

/** A child said that it cannot get ready, and why; its exit follows. */
function childUnable(state: MasterState, event: Extract<MasterEvent, { type: 'child.unable' }>): Step {
  if (state.phase.name !== 'starting' || state.phase.firstFailure !== null) return stay(state)
  return stay({ ...state, phase: { ...state.phase, firstFailure: event.message } })
}

function childExited(state: MasterState, event: Extract<MasterEvent, { type: 'child.exited' }>, now: number): Step {
  const { seat, reason, inHand } = event
  return tellSeat(state, seat, { type: 'exited', reason, inHand }, now)
}

function childPulse(state: MasterState, event: Extract<MasterEvent, { type: 'child.pulse' }>, now: number): Step {
  const child = workerSlots(state)
    .map(childOf)
    .find((one) => one?.seat === event.seat)
  const name = { kind: 'worker', slot: event.seat >> 1, pid: child?.pid ?? null } as const
  const told = emit({ type: event.isLate ? 'child.late' : 'child.on-time', child: name })
  return then({ state, actions: [told] }, (s) => tellSeat(s, event.seat, { type: 'pulse', isLate: event.isLate }, now))
}

/** With a terminal, HUP means that it went, and the job-control signals keep their meaning. */
function receiveSignal(state: MasterState, signal: string, terminal: boolean, now: number): Step {
  const received = emit({ type: 'signal.received', signal })
  const ignored = (reason: string): Step => ({ state, actions: [emit({ type: 'signal.ignored', signal, reason })] })
  const told = (step: Step): Step => ({ state: step.state, actions: [received, ...step.actions] })
  const draining = state.phase.name === 'draining'
  if (signal === 'SIGQUIT') return told(quit(state, now))
  if (signal === 'SIGTERM' || signal === 'SIGINT')
    return told(draining ? quit(state, now) : stop(state, signal, startCancelled(state), now))
  if (draining) return ignored('stopping')
  switch (signal) {
    case 'SIGHUP':
      return told(
        terminal ? stop(state, 'the terminal is gone', startCancelled(state), now) : requestReload(state, null),
      )
    case 'SIGUSR1':
      return { state, actions: [received, { type: 'reopen-logs' }] }
    case 'SIGUSR2':
      return ignored('upgrade is not in this version')
    case 'SIGTTIN':
      return told(scaleBy(state, 1, now))
    case 'SIGTTOU':
      return told(scaleBy(state, -1, now))
    default:
      return ignored('no meaning')
  }
}

/** A daemon that was told to stop before it was ready did not start. */
function startCancelled(state: MasterState): number {
  return state.phase.name === 'starting' ? 1 : 0
}

/** Looks whether the start succeeded (all are ready) or cannot succeed any more. */
function checkStart(state: MasterState, now: number): Step {
  const { phase } = state
  if (phase.name !== 'starting' || state.places.length === 0) return stay(state)
  const wanted = [state.store, ...state.places.slice(0, state.proc).map((place) => place.current)]
  if (wanted.every((slot) => slot.state.name === 'ready')) {
    const ready = emit({ type: 'daemon.ready', tookMs: now - phase.since, proc: state.proc })
    return { state: { ...state, phase: { name: 'running', since: now } }, actions: [ready, { type: 'report-ready' }] }
  }
  const workers = wanted.slice(1)
  if (isHopeless(state.store) || workers.every(isHopeless)) return failStart(state, exitOfFailure(wanted), now)
  if (phase.deadline <= now) return failStart(state, 1, now)
  return stay(state)
}

/** Its child died without ever having been ready, and nobody sits there now. */
function isHopeless(slot: Slot): boolean {
  return slot.state.name === 'backoff' || slot.state.name === 'failed'
}

function exitOfFailure(slots: readonly Slot[]): number {
  const config = slots.some((slot) => slot.lastExit?.kind === 'code' && slot.lastExit.code === EXIT_CONFIG)
  return config ? EXIT_CONFIG : 1
}
