/** What /proc says of processes. A process is identified by pid and start time together: pids are used again. */
import { readdirSync, readFileSync } from 'node:fs'
import { errnoOf } from '../errors.ts'

export interface ProcessStat {
  readonly pid: number
  readonly comm: string
  /** R, S, D, T, Z, X … */
  readonly state: string
  readonly parentPid: number
  readonly group: number
  readonly session: number
  readonly tty: number
  /** Clock ticks after boot. */
  readonly startTime: number
}

/** A process as two readings of it can be compared. */
export interface ProcessIdentity {
  readonly pid: number
  readonly startTime: number
}

/** Reads a file under /proc. @returns null when the process is gone or hidden from this user. */
function readProc(path: string): string | null {
  try {
    return readFileSync(path, 'latin1')
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return null
    throw error
  }
}

/** @returns null when there is no such process. A zombie is one still (state Z). */
export function readStat(pid: number): ProcessStat | null {
  const text = readProc(`/proc/${pid}/stat`)
  return text === null ? null : parseStat(text)
}

/** comm may hold spaces and parentheses: the fields begin after the last `)`. See proc_pid_stat(5). */
export function parseStat(text: string): ProcessStat {
  const open = text.indexOf('(')
  const close = text.lastIndexOf(')')
  const fields = text.slice(close + 2).split(' ')
  return {
    pid: Number(text.slice(0, open)),
    comm: text.slice(open + 1, close),
    state: fields[0] ?? '?',
    parentPid: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    tty: Number(fields[4]),
    startTime: Number(fields[19]),
  }
}

/** @returns null when there is no such process, or only its zombie. */
export function identify(pid: number): ProcessIdentity | null {
  const stat = readStat(pid)
  return stat === null || stat.state === 'Z' || stat.state === 'X' ? null : { pid, startTime: stat.startTime }
}

export function isSameProcess(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startTime === identity.startTime
}

/** The boot this machine is in; a pid of another boot says nothing. */
export function readBootId(): string {
  return (readProc('/proc/sys/kernel/random/boot_id') ?? '').trim()
}

/** The environment a process was started with, as `KEY=value` entries. @returns null when gone or not ours to read. */
export function readEnvironment(pid: number): string[] | null {
  const text = readProc(`/proc/${pid}/environ`)
  return text === null ? null : text.split('\0').filter((entry) => entry !== '')
}

/** Pids of every process that is visible. */
export function listPids(): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
}

/** Pids of the children of a process, zombies included. */
export function listChildren(pid: number): number[] {
  const children: number[] = []
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const text = readProc(`/proc/${pid}/task/${thread}/children`)
      if (text !== null) children.push(...text.split(' ').filter(Boolean).map(Number))
    }
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error // the process is gone: it has no children
  }
  return children
}

/** A process and all below it, parents first: who is killed first can start nobody more. */
export function withDescendants(pid: number): number[] {
  return [pid, ...listChildren(pid).flatMap(withDescendants)]
}

/** Anonymous memory of a process in bytes (RssAnon: what it does not share with the file it runs from). */
export function readAnonBytes(pid: number): number | null {
  const match = /^RssAnon:\s+(\d+) kB$/m.exec(readProc(`/proc/${pid}/status`) ?? '')
  return match === null ? null : Number(match[1]) * 1024
}
