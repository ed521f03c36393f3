/** What `status` tells of a single process. */
import type { Status } from '../admin/control.ts'
import { monotonicMs, toIso, wallMs } from '../clock.ts'
import type { SeatRecord } from '../metrics/scoreboard.ts'
import type { BuildInfo } from '../system/executable.ts'
import { readAnonBytes } from '../system/proc.ts'

export interface NoForkFacts {
  readonly name: string
  readonly build: BuildInfo
  readonly state: string
  readonly listen: readonly string[]
  /** Monotonic ms. */
  readonly startedAt: number
}

export function describeNoFork(facts: NoForkFacts, record: SeatRecord): Status {
  const ageMs = monotonicMs() - facts.startedAt
  const startedAt = toIso(wallMs() - ageMs)
  const anonBytes = readAnonBytes(process.pid)
  const slot = {
    ...{ slot: 0, pid: process.pid, state: facts.state === 'running' ? 'ready' : facts.state, startedAt },
    ...{ restarts: 0, generation: 1, anonBytes, lastExit: null, retryInMs: null },
  }
  const { jobsDone, jobsFailed } = record
  const inHand = record.inHand.map((entry) => entry.jobId)
  return {
    name: facts.name,
    version: facts.build.version,
    buildId: facts.build.buildId,
    pid: process.pid,
    state: facts.state,
    startedAt,
    uptimeSeconds: Math.floor(ageMs / 1000),
    proc: 1,
    generation: 1,
    listen: facts.listen,
    workers: [{ ...slot, jobsDone, jobsFailed, inHand }],
    store: { ...slot, jobsDone: 0, jobsFailed: 0, inHand: [] },
    anonBytes,
    metrics: { workersReady: 1, jobsDone, jobsFailed, jobsInHand: inHand.length, restarts: 0 },
  }
}
