/** What processes use, as the kernel counts it. */
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

/** USER_HZ, by which /proc/PID/stat counts on every Linux that Node runs on. */
const MICROSECONDS_PER_TICK = 10_000
const SETTLE_MS = 500
const SETTLED = 0.005
const SETTLE_LIMIT = 20

/** Processor time of all of them so far, children that have ended not counted. */
export function readCpuMicroseconds(pids: readonly number[]): number {
  const ticksOf = (pid: number) => {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return Number(fields[11]) + Number(fields[12]) // utime and stime, proc_pid_stat(5)
  }
  return pids.reduce((sum, pid) => sum + ticksOf(pid) * MICROSECONDS_PER_TICK, 0)
}

/** Proportional set size of all of them in MiB, when it does not change any more. */
export async function readSettledPssMib(pids: () => readonly number[]): Promise<number> {
  let before = 0
  for (let count = 0; ; count++) {
    const now = pids().reduce((sum, pid) => sum + readPssKib(pid), 0) / 1024
    if (Math.abs(now - before) < now * SETTLED || count === SETTLE_LIMIT) return now
    before = now
    await delay(SETTLE_MS)
  }
}

function readPssKib(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1] ?? 0)
}
