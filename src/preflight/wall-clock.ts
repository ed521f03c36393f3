/** The wall clock: the log and the times of jobs depend on it. What lies on the disk is a witness that it went on. */
import { formatDuration, monotonicMs, toIso, wallMs } from '../clock.ts'
import type { PreflightContext } from './context.ts'
import { type Finding, ok, warning } from './finding.ts'
import { statIfPresent } from './nearest-existing.ts'

/** This program is younger. */
const EARLIEST_MS = Date.UTC(2025, 0, 1)
/** Clocks of file servers and containers may differ a little. */
const TOLERANCE_MS = 86_400_000

/**
 * @param nowMs wall clock; @param sinceBootMs monotonic clock
 * @param witnessMs the latest change of a file that this clock must have seen, 0 for none
 */
export function assessClock(nowMs: number, sinceBootMs: number, witnessMs: number): Finding {
  const advice = 'Set the clock, and keep it right (systemd-timesyncd, chrony, ntpd)'
  const now = toIso(nowMs)
  if (nowMs < EARLIEST_MS) return warning('clock', `the clock says ${now}, which is past`, advice)
  if (nowMs - sinceBootMs < 0) {
    return warning('clock', `the clock says ${now}, and the machine runs for longer than that`, advice)
  }
  if (witnessMs > nowMs + TOLERANCE_MS) {
    const behind = formatDuration(witnessMs - nowMs)
    return warning('clock', `the clock says ${now}, ${behind} before files that are there already`, advice)
  }
  return ok('clock', `the clock says ${now}`)
}

function changedAtMs(path: string): number {
  return statIfPresent(path)?.mtimeMs ?? 0
}

export function checkWallClock({ loaded, executablePath }: PreflightContext): Finding[] {
  const { stateDirectory, log, jobsDatabase } = loaded.paths
  const witnesses = [executablePath, stateDirectory, log, jobsDatabase]
  return [assessClock(wallMs(), monotonicMs(), Math.max(...witnesses.map(changedAtMs)))]
}
