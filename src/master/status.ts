/** What `status` tells, from the master's state and the scoreboard. */
import type { Status, WorkerStatus } from '../admin/control.ts'
import { monotonicMs, toIso, wallMs } from '../clock.ts'
import { describeExit } from '../exit-reason.ts'
import type { Scoreboard } from '../metrics/scoreboard.ts'
import type { BuildInfo } from '../system/executable.ts'
import { readAnonBytes } from '../system/proc.ts'
import { childOf, type Slot, seatsOf, slotDeadline } from './slot-state.ts'
import type { MasterState } from './state.ts'

export interface Identity {
  readonly name: string
  readonly build: BuildInfo
  /** Monotonic ms. */
  readonly startedAt: number
  readonly listen: readonly string[]
}

export function describeStatus(state: MasterState, board: Scoreboard, identity: Identity): Status {
  const now = monotonicMs()
  const workers = state.places
    .filter((place, index) => index < state.proc || place.current.state.name !== 'empty')
    .map((place) => describeSlot(place.current, board, now))
  return {
    name: identity.name,
    version: identity.build.version,
    buildId: identity.build.buildId,
    pid: process.pid,
    state: state.reload.name === 'idle' ? state.phase.name : 'reloading',
    startedAt: wallOf(identity.startedAt, now),
    uptimeSeconds: Math.floor((now - identity.startedAt) / 1000),
    proc: state.proc,
    generation: state.generation,
    listen: identity.listen,
    workers,
    store: describeSlot(state.store, board, now),
    anonBytes: readAnonBytes(process.pid),
    metrics: sumMetrics(workers),
  }
}

function wallOf(atMonotonicMs: number, now: number): string {
  return toIso(wallMs() - (now - atMonotonicMs))
}

function describeSlot(slot: Slot, board: Scoreboard, now: number): WorkerStatus {
  const child = childOf(slot)
  const records = seatsOf(slot.index).map((seat) => board.read(seat))
  const due = child === null ? slotDeadline(slot) : null
  return {
    slot: slot.index,
    pid: child?.pid ?? null,
    state: child?.isLate === true && slot.state.name === 'ready' ? 'not responding' : slot.state.name,
    startedAt: child === null ? null : wallOf(child.startedAt, now),
    restarts: Math.max(0, slot.restarts),
    generation: child?.generation ?? null,
    anonBytes: child?.pid == null ? null : readAnonBytes(child.pid),
    lastExit: slot.lastExit === null ? null : describeExit(slot.lastExit),
    retryInMs: due === null ? null : Math.max(0, due - now),
    jobsDone: records.reduce((sum, record) => sum + record.jobsDone, 0),
    jobsFailed: records.reduce((sum, record) => sum + record.jobsFailed, 0),
    inHand: records.flatMap((record) => record.inHand.map((entry) => entry.jobId)),
  }
}

function sumMetrics(workers: readonly WorkerStatus[]): Record<string, number> {
  const sum = (pick: (worker: WorkerStatus) => number) => workers.reduce((total, worker) => total + pick(worker), 0)
  return {
    workersReady: sum((worker) => (worker.state === 'ready' ? 1 : 0)),
    jobsDone: sum((worker) => worker.jobsDone),
    jobsFailed: sum((worker) => worker.jobsFailed),
    jobsInHand: sum((worker) => worker.inHand.length),
    restarts: sum((worker) => worker.restarts),
  }
}
