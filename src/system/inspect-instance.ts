/** Whether an instance runs, looked at from outside and changing nothing. */
import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs'
import { monotonicMs, wallMs } from '../clock.ts'
import { errnoOf } from '../errors.ts'
import type { InstancePaths } from '../protocol.ts'
import { isUnlocked } from './libc.ts'
import { isHolderAlive, readLockRecord, readPidfile } from './pidfile.ts'
import { identify } from './proc.ts'

export type InstanceState =
  | { readonly kind: 'free' }
  | { readonly kind: 'starting'; readonly pid: number | null }
  | { readonly kind: 'running'; readonly pid: number }
  | { readonly kind: 'stopping'; readonly pid: number | null }
  /** Nobody holds the lock, but a pidfile was left behind. */
  | { readonly kind: 'stale'; readonly pid: number | null }
  | { readonly kind: 'foreign'; readonly reason: string }

/** USER_HZ: what /proc counts start times in. */
const CLOCK_TICKS = 100
/** A process starts before it writes its pidfile; clocks are not that exact. */
const SLACK_MS = 1000

/** Looks who runs the instance, changing nothing. */
export function inspectInstance(paths: InstancePaths): InstanceState {
  let fd: number
  try {
    fd = openSync(paths.lock, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return inspectPidfile(paths)
    if (code === 'EACCES') return inspectAsStranger(paths)
    return { kind: 'foreign', reason: `${paths.lock} cannot be read: ${code ?? error}` }
  }
  try {
    if (!fstatSync(fd).isFile()) return { kind: 'foreign', reason: `${paths.lock} is not a plain file` }
    return isUnlocked(fd) ? inspectPidfile(paths) : inspectHolder(fd)
  } finally {
    closeSync(fd)
  }
}

function inspectHolder(fd: number): InstanceState {
  const record = readLockRecord(fd)
  if (record === null || !isHolderAlive(record)) return { kind: 'starting', pid: null }
  const { pid } = record.holder
  if (record.state === 'running') return { kind: 'running', pid }
  return { kind: record.state === 'starting' ? 'starting' : 'stopping', pid }
}

/** What lies in the place of the pidfile while nobody, or this process, holds the lock. */
export function inspectPidfile(paths: InstancePaths): InstanceState {
  try {
    const stat = statSync(paths.pidfile)
    if (!stat.isFile()) return { kind: 'foreign', reason: `${paths.pidfile} is not a plain file` }
    return { kind: 'stale', pid: readPidfile(paths.pidfile) }
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'free' }
    return { kind: 'foreign', reason: `${paths.pidfile} cannot be read: ${code ?? error}` }
  }
}

/** Another user may not touch the lock; the pidfile and /proc tell him whether the process that wrote it lives. */
function inspectAsStranger(paths: InstancePaths): InstanceState {
  const state = inspectPidfile(paths)
  if (state.kind !== 'stale' || state.pid === null) return state
  const process = identify(state.pid)
  if (process === null) return state
  const startedAt = wallMs() - monotonicMs() + (process.startTime * 1000) / CLOCK_TICKS
  return startedAt <= statSync(paths.pidfile).mtimeMs + SLACK_MS ? { kind: 'running', pid: state.pid } : state
}
