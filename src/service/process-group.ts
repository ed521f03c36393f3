/** The end of a process group: a command is over when nothing of it is left, not when its first process ends. */
import { setTimeout as delay } from 'node:timers/promises'
import { errnoOf } from '../errors.ts'
import { listPids, readStat } from '../system/proc.ts'

const FIRST_LOOK_MS = 1
const LONGEST_LOOK_MS = 50

/** @returns false when the group has no process (any more) */
export function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-group, signal)
    return true
  } catch (error) {
    if (errnoOf(error) === 'ESRCH') return false
    if (errnoOf(error) === 'EPERM') return true // all that is left of it runs as another user (sudo): not ours to end
    throw error
  }
}

/**
 * Kills what is left of a group and waits until it is gone. Its id is not used again while a process has it, zombies
 * included, so that nobody else is hit.
 */
export async function endGroup(group: number): Promise<void> {
  let waitMs = FIRST_LOOK_MS
  while (signalGroup(group, 'SIGKILL') && hasLiving(group)) {
    await delay(waitMs)
    waitMs = Math.min(waitMs * 2, LONGEST_LOOK_MS)
  }
}

/** Does any process of the group run? A zombie does not: it waits for its parent to read its end. */
export function hasLiving(group: number): boolean {
  return listPids().some((pid) => {
    const stat = readStat(pid)
    return stat !== null && stat.group === group && stat.state !== 'Z' && stat.state !== 'X'
  })
}
