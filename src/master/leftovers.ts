/**
 * What a dead instance left behind (its master was killed): found by the mark in the environment and by the sessions
 * of its commands in the old scoreboard, ended by identity. Nothing is started before it is gone, because its jobs are
 * about to run again.
 */
import { closeSync, fstatSync, openSync } from 'node:fs'
import { monotonicMs, wallMs } from '../clock.ts'
import { errnoOf } from '../errors.ts'
import { type InHandEntry, openScoreboard, SCOREBOARD_BYTES, SEAT_COUNT } from '../metrics/scoreboard.ts'
import {
  identify,
  isSameProcess,
  listPids,
  type ProcessIdentity,
  readEnvironment,
  readStat,
  withDescendants,
} from '../system/proc.ts'
import { KILL_LIMIT_MS, killProcess } from './kill-process.ts'
import type { Ended } from './orphans.ts'

const FIRST_PAUSE_MS = 2
const LONGEST_PAUSE_MS = 100

/** @param mark `NAME=value` @param commands what the old scoreboard says was run */
export async function endLeftovers(mark: string, commands: readonly InHandEntry[]): Promise<Ended> {
  const ended = new Set<number>()
  const startedAt = monotonicMs()
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const found = findLeftovers(mark, commands)
    if (found.length === 0) return { pids: [...ended], unkillable: [] }
    if (monotonicMs() - startedAt > KILL_LIMIT_MS) return { pids: [...ended], unkillable: found.map(({ pid }) => pid) }
    for (const one of found) if (killProcess(one.pid, () => isSameProcess(one))) ended.add(one.pid)
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}

/** With their descendants: those may have left the session, and lost the mark. */
function findLeftovers(mark: string, commands: readonly InHandEntry[]): ProcessIdentity[] {
  const roots = listPids().filter((pid) => pid !== process.pid && isLeftover(pid, mark, commands))
  const pids = new Set(roots.flatMap(withDescendants))
  return [...pids].map(identify).filter((identity) => identity !== null)
}

function isLeftover(pid: number, mark: string, commands: readonly InHandEntry[]): boolean {
  if (readEnvironment(pid)?.includes(mark) === true) return true
  const stat = commands.length === 0 ? null : readStat(pid)
  if (stat === null || stat.state === 'Z') return false
  return commands.some((command) => command.group === stat.session && isSessionOf(command, stat.startTime))
}

/**
 * Whether a session is still the one that was recorded. Its number is not given to another process while somebody is in
 * it; when its leader is there, that has to be the one of then.
 */
function isSessionOf(command: InHandEntry, memberStartTime: number): boolean {
  const leader = readStat(command.group)
  if (leader !== null) return leader.startTime === command.startTime
  return memberStartTime >= command.startTime
}

/** Commands in hand according to a scoreboard that was left behind in this boot; none when there is no such file. */
export function readOldCommands(path: string): InHandEntry[] {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [] // the last daemon ended in order
    throw error
  }
  try {
    const { size, mtimeMs } = fstatSync(fd)
    const bootedAt = wallMs() - monotonicMs()
    if (size !== SCOREBOARD_BYTES || mtimeMs < bootedAt) return []
    const board = openScoreboard(fd, 'read')
    const seats = Array.from({ length: SEAT_COUNT }, (_, index) => board.read(index))
    return seats.flatMap((seat) => seat.inHand).filter((entry) => entry.group > 1 && entry.startTime > 0)
  } finally {
    closeSync(fd)
  }
}
