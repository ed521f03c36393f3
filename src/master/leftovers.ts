/**
 * Processes that outlive who started them: the commands of a dead worker, and all of a dead instance. They are found
 * by the mark in their environment and ended by identity (pidfd), never by a pid alone; what the scoreboard or a
 * worker says is not needed for that, and not believed.
 */

import { closeSync } from 'node:fs'
import { monotonicMs } from '../clock.ts'
import { openPidFd, signalPidFd } from '../system/libc.ts'
import { listAdopted, reapOrphans } from '../system/own-children.ts'
import { listPids, readEnvironment, readStat } from '../system/proc.ts'

const SIGKILL = 9
/** A process that is being started shows no environment for a moment: it is looked at again. */
const SETTLE_MS = 2
export const GIVE_UP_AFTER_MS = 5000

export interface Ended {
  readonly pids: readonly number[]
  /** Did not end after KILL (they hang in the kernel). */
  readonly unkillable: readonly number[]
}

/**
 * Kills every process that carries `mark` (`NAME=value`), until none is left. Orphans among them that became this
 * process's children are reaped.
 */
export async function endMarked(mark: string): Promise<Ended> {
  const ended = new Set<number>()
  const deadline = monotonicMs() + GIVE_UP_AFTER_MS
  for (;;) {
    const { found, undecided } = findMarked(mark)
    for (const pid of found) if (killMarked(pid, mark)) ended.add(pid)
    if (found.length === 0 && !undecided) return { pids: [...ended], unkillable: [] }
    if (monotonicMs() > deadline) return { pids: [...ended], unkillable: found }
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
    reapOrphans()
  }
}

/** Living processes with the mark; `undecided`: an adopted child whose environment cannot be seen yet. */
function findMarked(mark: string): { found: number[]; undecided: boolean } {
  const found = listPids().filter((pid) => pid !== process.pid && carries(pid, mark))
  const undecided = listAdopted().some(isBeingStarted)
  return { found, undecided }
}

/** A zombie has no environment any more, so that it does not count. */
function carries(pid: number, mark: string): boolean {
  return readEnvironment(pid)?.includes(mark) ?? false
}

function isBeingStarted(pid: number): boolean {
  if (readEnvironment(pid)?.length !== 0) return false
  const state = readStat(pid)?.state
  return state !== undefined && state !== 'Z' && state !== 'X'
}

/** The mark is read again behind the pidfd, so that the pid cannot have become another process in between. */
function killMarked(pid: number, mark: string): boolean {
  const pidFd = openPidFd(pid)
  if (pidFd === null) return false
  try {
    return carries(pid, mark) && signalPidFd(pidFd, SIGKILL)
  } finally {
    closeSync(pidFd)
  }
}
