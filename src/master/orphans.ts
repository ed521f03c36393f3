/**
 * What dead workers leave behind. The master is a subreaper: whatever a worker started and did not end becomes a child
 * of the master when the worker dies, so that all of it is found by looking at the master's own children, without
 * believing a record. What belongs to a living worker is spared; everything else is killed, with its descendants.
 */
import { monotonicMs } from '../clock.ts'
import { WORKER_VARIABLE } from '../protocol.ts'
import { listAdopted, reapOrphans } from '../system/own-children.ts'
import { readEnvironment, readStat, withDescendants } from '../system/proc.ts'
import { KILL_LIMIT_MS, killProcess } from './kill-process.ts'

/** What living workers have. */
export interface Claims {
  readonly workers: ReadonlySet<string>
  /** Sessions of the commands they run. */
  readonly sessions: ReadonlySet<number>
}

export interface Ended {
  readonly pids: readonly number[]
  /** Did not end after KILL: they hang in the kernel, or belong to another user. */
  readonly unkillable: readonly number[]
}

/** A process that is being started shows no environment for a moment: it is looked at again, but not for ever. */
const BEING_STARTED_MS = 100
const FIRST_PAUSE_MS = 2
const LONGEST_PAUSE_MS = 100

/** @param claims asked at each look: workers come and go meanwhile */
export async function endOrphans(claims: () => Claims): Promise<Ended> {
  const ended = new Set<number>()
  const startedAt = monotonicMs()
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    reapOrphans()
    const ageMs = monotonicMs() - startedAt
    const { doomed, undecided } = findDoomed(claims(), ageMs < BEING_STARTED_MS)
    if (doomed.length === 0 && !undecided) return { pids: [...ended], unkillable: [] }
    if (ageMs > KILL_LIMIT_MS) return { pids: [...ended], unkillable: doomed }
    for (const pid of doomed) if (killProcess(pid)) ended.add(pid)
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}

function findDoomed(claims: Claims, mayBeStarting: boolean): { doomed: number[]; undecided: boolean } {
  const doomed: number[] = []
  let undecided = false
  for (const root of listAdopted()) {
    const verdict = judge(root, claims)
    if (verdict === 'undecided' && mayBeStarting) undecided = true
    else if (verdict !== 'spared') doomed.push(...withDescendants(root))
  }
  return { doomed, undecided }
}

function judge(pid: number, claims: Claims): 'spared' | 'doomed' | 'undecided' {
  const stat = readStat(pid)
  if (stat === null || stat.state === 'Z' || stat.state === 'X' || claims.sessions.has(stat.session)) return 'spared'
  const environment = readEnvironment(pid)
  if (environment?.length === 0) return 'undecided'
  const worker = environment
    ?.find((entry) => entry.startsWith(`${WORKER_VARIABLE}=`))
    ?.slice(WORKER_VARIABLE.length + 1)
  if (worker !== undefined) return claims.workers.has(worker) ? 'spared' : 'doomed'
  // As the first process of a container, the master is given strangers too.
  return process.pid === 1 ? 'spared' : 'doomed'
}
