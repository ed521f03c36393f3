/** Memory for the processes to be. Measured: an idle process of this program has about 16 MiB for itself alone. */
import { readFileSync } from 'node:fs'
import { formatBytes } from '../settings/units.ts'
import { readCgroupLimits } from '../system/cgroup.ts'
import { isUp, type PreflightContext, processCount } from './context.ts'
import { type Finding, failure, ok, warning } from './finding.ts'

const MIB = 2 ** 20
const NEEDED_BYTES = 16 * MIB
const COMFORTABLE_BYTES = 40 * MIB

/** Bytes of a row of /proc/meminfo; null when there is none. */
export function parseMemoryInfo(text: string, row: string): number | null {
  const match = new RegExp(`^${row}:\\s+(\\d+) kB$`, 'm').exec(text)
  return match === null ? null : Number(match[1]) * 1024
}

/** @param availableBytes null when nobody knows */
export function assessMemory(availableBytes: number | null, processes: number): Finding {
  if (availableBytes === null) return ok('memory', 'the available memory is not known')
  const available = `${formatBytes(availableBytes)} memory for ${processes} processes`
  const advice = 'Lower proc, or give the machine or its control group more memory'
  if (availableBytes < processes * NEEDED_BYTES) {
    return failure('memory', `only ${available}, about ${formatBytes(processes * NEEDED_BYTES)} are needed`, advice)
  }
  if (availableBytes < processes * COMFORTABLE_BYTES) return warning('memory', `only ${available}`, advice)
  return ok('memory', available)
}

export function checkMemory(context: PreflightContext): Finding[] {
  const information = readFileSync('/proc/meminfo', 'utf8')
  const cgroup = readCgroupLimits()
  const known = isUp(context)
    ? [parseMemoryInfo(information, 'MemTotal'), cgroup.memoryBytes]
    : [parseMemoryInfo(information, 'MemAvailable'), cgroup.memoryLeftBytes]
  const bounds = known.filter((bytes) => bytes !== null)
  return [assessMemory(bounds.length === 0 ? null : Math.min(...bounds), processCount(context))]
}
