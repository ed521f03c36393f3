/**
 * Becoming the one that runs an instance: takes its lock, or waits for what becomes of the start that is under way,
 * so that of thirty starts one does the work and twenty-nine say the same.
 */
import { closeSync } from 'node:fs'
import type { InstancePaths } from '../protocol.ts'
import { tryLock } from './libc.ts'
import { isHolderAlive, type LockRecord, openLock, readLockRecord, writeLockRecord } from './pidfile.ts'
import { identify, readBootId } from './proc.ts'

export type Claim =
  | { readonly outcome: 'taken'; readonly fd: number }
  | { readonly outcome: 'running'; readonly pid: number }
  /** Another start was under way and failed. */
  | { readonly outcome: 'failed'; readonly exit: number; readonly reason: string }
  | { readonly outcome: 'timeout'; readonly pid: number | null }

const POLL_MS = 10

/** @param build of this program @throws MydError when the lock file is not ours */
export async function claimInstance(paths: InstancePaths, build: string, timeoutMs: number): Promise<Claim> {
  const fd = openLock(paths.lock)
  let sawStart = false
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    if (tryLock(fd)) return sawStart ? afterOther(fd, build) : take(fd, build)
    const record = readLockRecord(fd)
    const alive = record !== null && isHolderAlive(record)
    if (alive && record.state === 'running') return leave(fd, { outcome: 'running', pid: record.holder.pid })
    // One that stops makes room for this start; one that starts decides for us.
    sawStart ||= alive && record.state === 'starting'
    if (waitedMs >= timeoutMs) return leave(fd, { outcome: 'timeout', pid: record?.holder.pid ?? null })
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

function leave(fd: number, claim: Claim): Claim {
  closeSync(fd)
  return claim
}

function take(fd: number, build: string): Claim {
  recordState(fd, build, 'starting')
  return { outcome: 'taken', fd }
}

/** The start that this one waited for has ended, or whoever made it was killed before it could say so. */
function afterOther(fd: number, build: string): Claim {
  const record = readLockRecord(fd)
  if (record?.state === 'stopped' || record?.state === 'stopping') return take(fd, build)
  const reason = record?.state === 'failed' ? record.reason : null
  const exit = record?.state === 'failed' ? record.exit : 1
  return leave(fd, { outcome: 'failed', exit, reason: reason ?? 'it was killed before the daemon was ready' })
}

/** Says in the lock file what its holder, this process, does. */
export function recordState(
  fd: number,
  build: string,
  state: LockRecord['state'],
  outcome: { exit: number; reason: string | null } = { exit: 0, reason: null },
): void {
  const holder = identify(process.pid)
  if (holder === null) throw new Error('this process is not in /proc')
  writeLockRecord(fd, { state, holder, boot: readBootId(), build, ...outcome })
}
