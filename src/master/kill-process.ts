/** Ends a process by identity: what is checked and what is signalled is the same process, though its pid be given away. */
import { closeSync } from 'node:fs'
import { errnoOf } from '../errors.ts'
import { openPidFd, signalPidFd } from '../system/libc.ts'

const SIGKILL = 9
/** A process that is still there this long after KILL hangs in the kernel. */
export const KILL_LIMIT_MS = 5000

/** @param isMeant looked at behind the pidfd @returns whether it was signalled */
export function killProcess(pid: number, isMeant: () => boolean = () => true): boolean {
  const pidFd = openPidFd(pid)
  if (pidFd === null) return false
  try {
    return isMeant() && signalPidFd(pidFd, SIGKILL)
  } catch (error) {
    if (errnoOf(error) === 'EPERM') return false // another user's (sudo): it is told as one that cannot be ended
    throw error
  } finally {
    closeSync(pidFd)
  }
}
