/**
 * Open files and processes. A process that cannot make its threads hangs before its first line, silently, so too
 * small a limit must be told beforehand.
 */
import { readFileSync } from 'node:fs'
import { readCgroupLimits } from '../system/cgroup.ts'
import { isUp, type PreflightContext, processCount } from './context.ts'
import { type Finding, failure, ok, warning } from './finding.ts'

/** Main thread, four of V8, four of libuv, signal and inspector threads, and one command with a shell. */
const THREADS_PER_PROCESS = 14
/** Channel, descriptor passing, stdout and stderr, pidfd and reserve, in the master. */
const FILES_PER_WORKER = 8
const FILES_BASE = 64
/** A service that serves clients wants more; below this it is told. */
const FILES_COMFORTABLE = 1024

/** Soft limit of a row of /proc/self/limits; Infinity for none. */
export function parseLimit(limits: string, row: string): number {
  const line = limits.split('\n').find((text) => text.startsWith(row)) ?? ''
  const soft = line.slice(row.length).trim().split(/\s+/)[0] ?? ''
  return /^\d+$/.test(soft) ? Number(soft) : Number.POSITIVE_INFINITY
}

function shown(limit: number): string {
  return Number.isFinite(limit) ? String(limit) : 'unlimited'
}

export function assessOpenFiles(limit: number, processes: number): Finding {
  const needed = FILES_BASE + processes * FILES_PER_WORKER
  const advice = `Raise it: ulimit -n ${Math.max(needed, FILES_COMFORTABLE)}, or LimitNOFILE= of systemd`
  if (limit < needed) return failure('open-files', `${limit} open files are allowed, ${needed} are needed`, advice)
  if (limit < FILES_COMFORTABLE) return warning('open-files', `only ${limit} open files are allowed`, advice)
  return ok('open-files', `open files: ${shown(limit)}`)
}

/** The limit counts threads, of all processes of the user; root is not bound by it. */
export function assessProcesses(limit: number, processes: number, uid: number): Finding {
  const needed = processes * THREADS_PER_PROCESS
  if (uid === 0 || limit >= needed) return ok('processes', `processes of this user: ${shown(limit)}`)
  const message = `this user may have ${limit} processes and threads, ${processes} processes need about ${needed}`
  return failure('processes', message, `Lower proc, or raise it: ulimit -u ${needed * 2}, or LimitNPROC= of systemd`)
}

/** @param left of the control group's pids.max; null for no limit */
export function assessGroupProcesses(left: number | null, processes: number): Finding {
  const needed = processes * THREADS_PER_PROCESS
  if (left === null) return ok('processes', 'processes of the control group: unlimited')
  if (left >= needed) return ok('processes', `processes of the control group: ${left} left`)
  const message = `the control group allows ${left} more processes and threads, ${processes} processes need about ${needed}`
  return failure(
    'processes',
    message,
    'Lower proc, or raise pids.max: TasksMax= of systemd, --pids-limit of containers',
  )
}

export function checkLimits(context: PreflightContext): Finding[] {
  const limits = readFileSync('/proc/self/limits', 'utf8')
  const processes = processCount(context)
  const { pids, pidsLeft } = readCgroupLimits()
  return [
    assessOpenFiles(parseLimit(limits, 'Max open files'), processes),
    assessProcesses(parseLimit(limits, 'Max processes'), processes, context.uid),
    assessGroupProcesses(isUp(context) ? pids : pidsLeft, processes),
  ]
}
