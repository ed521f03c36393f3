/** Everything the master knows, as one value; what may happen to it, and what it may want done. Types and look-ups only. */
import type { DaemonEvent } from '../events.ts'
import type { ExitReason } from '../exit-reason.ts'
import type { GoneWorker, OwnCause, SocketKey, WorkerId } from '../protocol.ts'
import type { Policy } from './backoff.ts'
import {
  type Berth,
  type Cause,
  type Child,
  childOf,
  otherSeat,
  type Slot,
  seatsOf,
  slotDeadline,
} from './slot-state.ts'

/** `deadline`, `since`: monotonic ms. */
export type Phase =
  | {
      readonly name: 'starting'
      readonly deadline: number
      readonly since: number
      readonly firstFailure: string | null
    }
  | { readonly name: 'running'; readonly since: number }
  | { readonly name: 'draining'; readonly exit: number; readonly reason: string | null }
  | { readonly name: 'stopped'; readonly exit: number; readonly reason: string | null }

/** A worker's place: who serves in it, and during a reload who comes (successor) or goes (retiring) beside it. */
export interface Place {
  readonly current: Slot
  readonly beside: { readonly role: 'successor' | 'retiring'; readonly slot: Slot } | null
}

/** A control client that waits for an answer. */
export type RequestId = number

export type Reload =
  | { readonly name: 'idle' }
  /** Settings are being read and checked. `again`: those who asked meanwhile; null when nobody did. */
  | { readonly name: 'loading'; readonly requests: readonly RequestId[]; readonly again: readonly RequestId[] | null }
  | {
      readonly name: 'rolling'
      readonly requests: readonly RequestId[]
      readonly again: readonly RequestId[] | null
      /** The place being replaced. */
      readonly index: number
      /** Whether this place was empty-handed (back-off, failed) and has been started anew. */
      readonly attempted: boolean
      readonly since: number
      /** In force again when the reload is given up. */
      readonly before: { readonly policy: Policy; readonly proc: number }
    }

/** A dead worker whose commands are being ended; its leases go back after that. */
export interface Departure {
  readonly worker: WorkerId
  readonly inHand: readonly number[]
  readonly at: number
  /** We ordered its end: then nothing is charged. */
  readonly ordered: boolean
}

/** A dead worker whose commands have ended, while others may yet die of the same cause. */
export interface Unjudged extends Departure {
  readonly deadline: number
}

/** A listening socket that the master holds; `slot` null: one for all workers. */
export interface HeldSocket {
  readonly key: SocketKey
  readonly slot: number | null
}

/** The socket of a slot that has nobody who accepts, in the hands of another slot's worker. */
export interface Loan {
  readonly key: SocketKey
  readonly slot: number
  readonly borrower: Child
}

export interface MasterState {
  readonly phase: Phase
  readonly policy: Policy
  /** Workers wanted. */
  readonly proc: number
  readonly generation: number
  readonly nextId: number
  /** Prefix of worker ids: unique to this master. */
  readonly run: string
  readonly places: readonly Place[]
  readonly store: Slot
  readonly reload: Reload
  readonly departures: readonly Departure[]
  readonly unjudged: readonly Unjudged[]
  /** Told to the store as soon as there is one. */
  readonly untold: readonly GoneWorker[]
  readonly sockets: readonly HeldSocket[]
  readonly loans: readonly Loan[]
}

export type ControlRequest = { readonly type: 'reload' } | { readonly type: 'scale'; readonly proc: number }

export type MasterEvent =
  | { readonly type: 'begin' }
  | { readonly type: 'child.spawned'; readonly seat: number; readonly pid: number }
  | { readonly type: 'child.ready'; readonly seat: number }
  /** A worker got a socket: that of its own slot, or with `slot` null one for all. */
  | { readonly type: 'child.listening'; readonly seat: number; readonly socket: HeldSocket }
  | { readonly type: 'child.unlisten'; readonly seat: number; readonly key: SocketKey }
  | { readonly type: 'child.draining'; readonly seat: number; readonly cause: OwnCause }
  /** Heartbeats of workers that became late, or are on time again. */
  | { readonly type: 'child.pulse'; readonly seat: number; readonly isLate: boolean }
  /** The borrower did not take it. */
  | { readonly type: 'loan.failed'; readonly loan: Loan }
  /** Bound before a worker asked. */
  | { readonly type: 'sockets.bound'; readonly sockets: readonly HeldSocket[] }
  | { readonly type: 'child.unable'; readonly seat: number; readonly message: string }
  | {
      readonly type: 'child.exited'
      readonly seat: number
      readonly reason: ExitReason
      readonly inHand: readonly number[]
    }
  | { readonly type: 'commands.ended'; readonly worker: WorkerId }
  /** Some of them hang in the kernel. */
  | { readonly type: 'commands.stuck'; readonly worker: WorkerId }
  | { readonly type: 'signal'; readonly signal: string; readonly terminal: boolean }
  | { readonly type: 'launcher.gone' }
  | { readonly type: 'request'; readonly id: RequestId; readonly request: ControlRequest }
  | { readonly type: 'settings.loaded'; readonly policy: Policy; readonly proc: number | null }
  | { readonly type: 'settings.rejected'; readonly reason: string; readonly exit: number }
  | { readonly type: 'deadline' }

export type MasterAction =
  | { readonly type: 'spawn'; readonly kind: 'worker' | 'store'; readonly index: number; readonly child: Child }
  | { readonly type: 'drain'; readonly child: Child }
  | { readonly type: 'terminate'; readonly child: Child }
  | { readonly type: 'kill'; readonly child: Child }
  | { readonly type: 'end-commands'; readonly worker: WorkerId }
  | { readonly type: 'tell-store'; readonly gone: GoneWorker }
  | { readonly type: 'lend' | 'take-back'; readonly loan: Loan }
  | { readonly type: 'close-sockets'; readonly keys: readonly SocketKey[] }
  | { readonly type: 'load-settings' }
  /** What was read last is good: children started from now on get it. */
  | { readonly type: 'adopt-settings' }
  /** The reload was given up: what was in force before it is again. */
  | { readonly type: 'restore-settings' }
  | { readonly type: 'report-ready' }
  | { readonly type: 'reopen-logs' }
  | { readonly type: 'answer'; readonly id: RequestId; readonly exit: number; readonly message: string }
  | { readonly type: 'finish'; readonly exit: number; readonly reason: string | null }
  | { readonly type: 'emit'; readonly event: DaemonEvent }

export interface Step {
  readonly state: MasterState
  readonly actions: readonly MasterAction[]
}

/** The store's index and seat lie behind those of 1024 workers. */
export const STORE_INDEX = 1024
export const STORE_SEAT = seatsOf(STORE_INDEX)[0]

export const stay = (state: MasterState): Step => ({ state, actions: [] })

export const emit = (event: DaemonEvent): MasterAction => ({ type: 'emit', event })

/** Goes on from a step: what `next` does comes after what was done. */
export function then(step: Step, next: (state: MasterState) => Step): Step {
  const following = next(step.state)
  return { state: following.state, actions: [...step.actions, ...following.actions] }
}

export function workerId(state: MasterState, index: number, child: Pick<Child, 'id'>): WorkerId {
  return `${state.run}-${index}-${child.id}`
}

/** Every slot that may hold a child: the workers' and those beside them, the store's. */
export function allSlots(state: MasterState): Slot[] {
  return [...workerSlots(state), state.store]
}

export function workerSlots(state: MasterState): Slot[] {
  return state.places.flatMap((place) => (place.beside === null ? [place.current] : [place.current, place.beside.slot]))
}

/** The berth of a child that would be started next in this slot: a seat nobody sits in. */
export function nextBerth(state: MasterState, index: number): Berth {
  const base = { id: state.nextId, generation: state.generation }
  if (index === STORE_INDEX) return { ...base, seat: STORE_SEAT }
  const beside = state.places[index]?.beside
  const taken = beside === undefined || beside === null ? null : childOf(beside.slot)
  return { ...base, seat: taken === null ? seatsOf(index)[0] : otherSeat(taken.seat) }
}

/** When the master wants to be woken if nothing else happens, monotonic ms; null for never. */
export function nextDeadline(state: MasterState): number | null {
  const times = state.unjudged.map((departure) => departure.deadline)
  if (state.phase.name === 'starting') times.push(state.phase.deadline)
  for (const slot of allSlots(state)) {
    const due = slotDeadline(slot)
    if (due !== null) times.push(due)
  }
  if (state.reload.name === 'rolling') {
    const beside = state.places[state.reload.index]?.beside
    if (beside?.slot.state.name === 'ready') times.push(beside.slot.state.readyAt + state.policy.stableMs)
  }
  return times.length === 0 ? null : Math.min(...times)
}

export function initialState(options: { policy: Policy; proc: number; run: string; now: number }): MasterState {
  const { policy, proc, run, now } = options
  return {
    phase: { name: 'starting', deadline: now + policy.startTimeoutMs, since: now, firstFailure: null },
    policy,
    proc,
    generation: 1,
    nextId: 1,
    run,
    places: [],
    store: { index: STORE_INDEX, state: { name: 'empty' }, deaths: [], restarts: -1, lastExit: null },
    reload: { name: 'idle' },
    departures: [],
    unjudged: [],
    untold: [],
    sockets: [],
    loans: [],
  }
}

export type { Cause }
