/**
 * Who runs an instance: a lock that is held for life, and the pidfile for others to read.
 *
 * The lock file NAME.lock is never unlinked; whoever holds its flock is the one. It also carries a record of what the
 * holder is doing and how its start ended, so that those who wait can say the same. The pidfile NAME.pid holds
 * `PID\n` and is replaced by rename, never half written. A pid alone proves nothing: it is used again.
 */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { errnoOf, MydError } from '../errors.ts'
import { withMode } from './exact-mode.ts'
import { isSameProcess, type ProcessIdentity, readBootId } from './proc.ts'

/** What the holder of the lock does. Read from a file: only its shape is checked. */
export interface LockRecord {
  readonly state: 'starting' | 'running' | 'stopping' | 'stopped' | 'failed'
  readonly holder: ProcessIdentity
  readonly boot: string
  readonly build: string
  /** How a start ended. */
  readonly exit: number
  readonly reason: string | null
}

const RECORD_LIMIT_BYTES = 4096

/**
 * Opens the lock file, making it if needed. Nobody else may open it: who can read a file can lock it, and so keep the
 * daemon from starting. @throws MydError when it is not a plain file of ours
 */
export function openLock(path: string): number {
  const { O_CREAT, O_RDWR, O_NOFOLLOW, O_NONBLOCK } = constants
  const fd = withMode(0o600, () => openSync(path, O_CREAT | O_RDWR | O_NOFOLLOW | O_NONBLOCK, 0o600))
  const stat = fstatSync(fd)
  const mine = stat.isFile() && stat.nlink === 1 && stat.uid === process.geteuid?.()
  if (mine) return fd
  closeSync(fd)
  throw new MydError('CANNOT_CREATE', `${path} is not a plain file of this user`, {
    path,
    hint: 'remove it, or choose another directory with --home or runDirectory',
  })
}

export function writeLockRecord(fd: number, record: LockRecord): void {
  const text = Buffer.from(`${JSON.stringify(record)}\n`)
  writeSync(fd, text, 0, text.length, 0)
  ftruncateSync(fd, text.length)
}

/** @returns null when nothing readable is in it */
export function readLockRecord(fd: number): LockRecord | null {
  const bytes = Buffer.alloc(RECORD_LIMIT_BYTES)
  const length = readSync(fd, bytes, 0, bytes.length, 0)
  const end = bytes.subarray(0, length).indexOf(10)
  if (end < 0) return null
  try {
    return asRecord(JSON.parse(bytes.toString('utf8', 0, end)))
  } catch (error) {
    if (error instanceof SyntaxError) return null // caught in the middle of a write: the next reading tells
    throw error
  }
}

function asRecord(value: unknown): LockRecord | null {
  if (typeof value !== 'object' || value === null || !('holder' in value) || !('state' in value)) return null
  const record = value as LockRecord
  return typeof record.holder?.pid === 'number' && typeof record.state === 'string' ? record : null
}

/** Whether the process that wrote the record lives. */
export function isHolderAlive(record: LockRecord): boolean {
  return record.boot === readBootId() && isSameProcess(record.holder)
}

/** The pid in a pidfile; null when there is none or it holds something else. */
export function readPidfile(path: string): number | null {
  try {
    const match = /^(\d{1,10})\n?$/.exec(readFileSync(path, 'latin1').slice(0, 64))
    return match === null ? null : Number(match[1])
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw error
  }
}

/** Replaces the pidfile in one step; a symlink that lies in its place is replaced too, not followed. Everybody may read it. */
export function writePidfile(path: string, pid: number): void {
  const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants
  const beside = `${path}.${pid}`
  rmSync(beside, { force: true })
  const fd = withMode(0o644, () => openSync(beside, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o644))
  try {
    writeSync(fd, `${pid}\n`)
  } finally {
    closeSync(fd)
  }
  renameSync(beside, path)
}

/** Removes the pidfile if it is still this process's. */
export function removePidfile(path: string, pid: number): void {
  if (readPidfile(path) !== pid) return
  unlinkSync(path)
}
