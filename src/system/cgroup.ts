/**
 * What the control groups of this process allow it: CPU, memory, processes. Version 2, version 1 and the hybrid of
 * both. A limit of any ancestor binds, so each is read from the process's own group up to the root; in a container
 * the path is often the host's and not visible, then the root of the mount is the container's own group.
 */
import { readFileSync } from 'node:fs'
import { errnoOf } from '../errors.ts'

/** null: no limit. */
export interface CgroupLimits {
  /** CPUs' worth of time, fractions included. */
  readonly cpus: number | null
  readonly memoryBytes: number | null
  /** Bytes that may still be used before the tightest memory limit is hit; page cache that can go counts as free. */
  readonly memoryLeftBytes: number | null
  readonly pids: number | null
  readonly pidsLeft: number | null
}

/** Reads a whole file, or null when there is none (or none for us). */
export type ReadText = (path: string) => string | null

export const readText: ReadText = (path) => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = errnoOf(error)
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ENODEV', 'EOPNOTSUPP'].includes(code ?? '')) return null
    throw error
  }
}

const ROOT = '/sys/fs/cgroup'
/** Version 1 writes "no limit" as a huge number, rounded down to a page. */
const UNLIMITED_V1 = 2 ** 60

/** The group's directory and all above it, nearest first. */
function ancestors(mount: string, path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '..')
  return [...parts.map((_, index) => `${mount}/${parts.slice(0, parts.length - index).join('/')}`), mount]
}

/** Directories that bind for a controller: those of version 1 when it is mounted so, and those of version 2. */
function directoriesOf(controller: string, membership: string): string[] {
  const directories: string[] = []
  for (const line of membership.split('\n')) {
    const match = /^\d+:([^:]*):(.*)$/.exec(line)
    if (match === null) continue
    const [, controllers = '', path = ''] = match
    if (controllers === '') directories.push(...ancestors(ROOT, path), ...ancestors(`${ROOT}/unified`, path))
    else if (controllers.split(',').includes(controller)) directories.push(...ancestors(`${ROOT}/${controllers}`, path))
  }
  return directories
}

function toLimit(text: string | null): number | null {
  const value = text === null || text.trim() === '' ? Number.NaN : Number(text)
  return Number.isFinite(value) && value >= 0 && value < UNLIMITED_V1 ? value : null
}

function smallest(values: readonly (number | null)[]): number | null {
  const limits = values.filter((value) => value !== null)
  return limits.length === 0 ? null : Math.min(...limits)
}

function cpusOf(directory: string, read: ReadText): number | null {
  const [quota, period] = read(`${directory}/cpu.max`)?.trim().split(' ') ?? [
    read(`${directory}/cpu.cfs_quota_us`),
    read(`${directory}/cpu.cfs_period_us`),
  ]
  const quotaUs = toLimit(quota ?? null)
  const periodUs = toLimit(period ?? null)
  return quotaUs === null || periodUs === null || quotaUs === 0 || periodUs === 0 ? null : quotaUs / periodUs
}

function memoryOf(directory: string, read: ReadText): { limit: number; left: number } | null {
  const limit = toLimit(read(`${directory}/memory.max`) ?? read(`${directory}/memory.limit_in_bytes`))
  if (limit === null) return null
  const used = toLimit(read(`${directory}/memory.current`) ?? read(`${directory}/memory.usage_in_bytes`)) ?? 0
  const cache = /^(?:total_)?inactive_file (\d+)$/m.exec(read(`${directory}/memory.stat`) ?? '')
  return { limit, left: Math.max(0, limit - used + Number(cache?.[1] ?? 0)) }
}

function pidsOf(directory: string, read: ReadText): { limit: number; left: number } | null {
  const limit = toLimit(read(`${directory}/pids.max`))
  if (limit === null) return null
  return { limit, left: Math.max(0, limit - (toLimit(read(`${directory}/pids.current`)) ?? 0)) }
}

/** @param read for tests: stands for the file system. */
export function readCgroupLimits(read: ReadText = readText): CgroupLimits {
  const membership = read('/proc/self/cgroup') ?? ''
  const memory = directoriesOf('memory', membership).map((directory) => memoryOf(directory, read))
  const pids = directoriesOf('pids', membership).map((directory) => pidsOf(directory, read))
  return {
    cpus: smallest(directoriesOf('cpu', membership).map((directory) => cpusOf(directory, read))),
    memoryBytes: smallest(memory.map((group) => group?.limit ?? null)),
    memoryLeftBytes: smallest(memory.map((group) => group?.left ?? null)),
    pids: smallest(pids.map((group) => group?.limit ?? null)),
    pidsLeft: smallest(pids.map((group) => group?.left ?? null)),
  }
}
