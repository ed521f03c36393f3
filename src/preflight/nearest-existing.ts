/** What of a path is there already. */
import { type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { errnoOf } from '../errors.ts'

export interface Existing {
  readonly path: string
  readonly stat: Stats
}

/**
 * The path itself when it is there, else the nearest of its parents that is.
 * @throws what stat throws otherwise: EACCES for a parent that may not be searched, ELOOP
 */
export function nearestExisting(path: string): Existing {
  try {
    return { path, stat: statSync(path) }
  } catch (error) {
    const isMissing = errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR'
    if (!isMissing || dirname(path) === path) throw error
    return nearestExisting(dirname(path))
  }
}
