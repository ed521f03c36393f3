/** The processes of one test, found in /proc by what they inherited; signalled by pid, one by one. */
import { readFileSync, readlinkSync } from 'node:fs'
import { errnoOf } from '../../src/errors.ts'
import type { Role } from '../../src/protocol.ts'
import { listChildren, listPids, readEnvironment, readStat } from '../../src/system/proc.ts'
import { waitFor } from './wait-for.ts'

/** Living processes that have `home` in their environment or command line. A zombie shows neither. */
export function listOwned(home: string): number[] {
  return listPids().filter((pid) => pid !== process.pid && isOwned(pid, home))
}

function isOwned(pid: number, home: string): boolean {
  if (readEnvironment(pid)?.includes(`HOME=${home}`)) return true
  return readCommandLine(pid).some((word) => word.includes(home))
}

/** Empty for a process that is gone. */
export function readCommandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ESRCH') return []
    throw error
  }
}

/** For messages: pid, state and command. */
export function describeProcesses(pids: readonly number[]): string {
  return pids.map((pid) => `${pid} ${readStat(pid)?.state ?? 'gone'} ${readCommandLine(pid).join(' ')}`).join('; ')
}

export function isAlive(pid: number): boolean {
  const state = readStat(pid)?.state
  return state !== undefined && state !== 'Z' && state !== 'X'
}

/** @returns false when it is gone */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch (error) {
    if (errnoOf(error) === 'ESRCH') return false
    throw error
  }
}

/** Ends what is left of a test, whatever state it is in. */
export async function killOwned(home: string): Promise<void> {
  await waitFor(
    'the processes of the test to end',
    () => listOwned(home).filter((pid) => signal(pid, 'SIGKILL')),
    (pids) => pids.length === 0,
  )
}

/** A link of /proc/PID, such as `cwd` or `fd/0`. */
export function readProcLink(pid: number, name: string): string {
  return readlinkSync(`/proc/${pid}/${name}`)
}

/** A line of /proc/PID/status, such as `Umask`. */
export function readProcStatus(pid: number, name: string): string | undefined {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(text)?.[1]
}

/** @returns the pid of a process of the test that was started in this role, or undefined */
export function findRole(home: string, role: Role): number | undefined {
  return listOwned(home).find((pid) => readEnvironment(pid)?.includes(`MYD_ROLE=${role}`))
}

/** Zombies among the descendants of a process, as `pid (command)`. */
export function listZombies(pid: number): string[] {
  return listChildren(pid).flatMap((child) => {
    const stat = readStat(child)
    const own = stat?.state === 'Z' ? [`${child} (${stat.comm})`] : []
    return [...own, ...listZombies(child)]
  })
}
