/**
 * The lock of the job database: whoever opens the database holds it, be it the store process or the command line when
 * no daemon runs. SQLite would let two in, and each would believe its counts. The kernel lets go of it when the holder
 * ends, however it ends.
 */
import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { monotonicMs } from '../clock.ts'
import { errnoOf, MydError, messageOf } from '../errors.ts'
import { tryLock } from '../system/libc.ts'

/** How often a lock that another holds is tried again: flock tells nobody when it becomes free. */
const TRY_EVERY_MS = 50

/** @returns the descriptor that holds the lock, or null when another process holds it. @throws MydError CANNOT_CREATE */
export function tryJobsLock(path: string): number | null {
  const fd = openLockFile(path)
  if (!tryLock(fd)) {
    closeSync(fd)
    return null
  }
  try {
    ftruncateSync(fd)
    writeSync(fd, `${process.pid}\n`, 0)
  } catch (error) {
    if (errnoOf(error) !== 'ENOSPC') throw error // only the name of the holder, for a message
  }
  return fd
}

/** Waits for the lock. @throws MydError START_FAILED, naming the holder, when it is not free in time */
export async function waitForJobsLock(path: string, timeoutMs: number, signal: AbortSignal): Promise<number> {
  const deadline = monotonicMs() + timeoutMs
  for (;;) {
    const fd = tryJobsLock(path)
    if (fd !== null) return fd
    if (monotonicMs() >= deadline) throw isHeld(path)
    await delay(TRY_EVERY_MS, undefined, { signal })
  }
}

/** The failure to get the lock. */
export function isHeld(path: string): MydError {
  const holder = readHolder(path)
  return new MydError('START_FAILED', `the job database is in use by ${holder}`, {
    path,
    hint: 'Only one process may open it: wait for that one to end, or end it.',
  })
}

function readHolder(path: string): string {
  try {
    const pid = readFileSync(path, 'utf8').trim()
    return /^\d+$/.test(pid) ? `process ${pid}` : 'another process'
  } catch {
    return 'another process' // only for the message: it is gone or not ours to read
  }
}

function openLockFile(path: string): number {
  const { O_CREAT, O_RDWR, O_NOFOLLOW } = constants
  try {
    return openSync(path, O_CREAT | O_RDWR | O_NOFOLLOW, 0o600)
  } catch (error) {
    throw new MydError('CANNOT_CREATE', `the lock of the job database cannot be made: ${messageOf(error)}`, {
      cause: error,
      path,
    })
  }
}
