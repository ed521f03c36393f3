/** Free space where the instance writes. */
import { type StatsFs, statfsSync } from 'node:fs'
import { formatBytes } from '../settings/units.ts'
import type { PreflightContext } from './context.ts'
import { nameDirectories } from './directories.ts'
import { type Finding, failure, ok, warning } from './finding.ts'
import { nearestExisting } from './nearest-existing.ts'

const MIB = 2 ** 20
const FAILURE_BYTES = 16 * MIB
const WARNING_BYTES = 256 * MIB
const WARNING_SHARE = 0.05

export interface Space {
  readonly freeBytes: number
  readonly totalBytes: number
  /** Files that may still be made; null when the file system does not count them. */
  readonly freeFiles: number | null
}

export function toSpace(stats: StatsFs): Space {
  const freeFiles = stats.files === 0 ? null : stats.ffree
  return { freeBytes: stats.bavail * stats.bsize, totalBytes: stats.blocks * stats.bsize, freeFiles }
}

export function assessSpace(path: string, space: Space): Finding {
  const free = `${formatBytes(space.freeBytes)} free for ${path}`
  const advice = 'Free some space, or choose another place with --home'
  if (space.freeFiles === 0) return failure('disk', `no more files can be made in ${path} (out of inodes)`, advice)
  if (space.freeBytes < FAILURE_BYTES) return failure('disk', `only ${free}`, advice)
  const share = space.totalBytes === 0 ? 1 : space.freeBytes / space.totalBytes
  if (share < WARNING_SHARE) return warning('disk', `only ${free}, ${(share * 100).toFixed(1)} % of the disk`, advice)
  if (space.freeBytes < WARNING_BYTES) return warning('disk', `only ${free}`, advice)
  return ok('disk', free)
}

/** One finding for each file system, not for each directory. */
export function checkDisk({ loaded }: PreflightContext): Finding[] {
  const places = [...nameDirectories(loaded.paths).keys()].map((path) => ({ path, existing: nearestExisting(path) }))
  const present = places.filter(({ existing }) => existing.stat.isDirectory())
  const byDevice = Map.groupBy(present, ({ existing }) => existing.stat.dev)
  return [...byDevice.values()].map((same) => {
    const existing = same[0]!.existing
    return assessSpace(same.map(({ path }) => path).join(', '), toSpace(statfsSync(existing.path)))
  })
}
