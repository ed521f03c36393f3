/** What of a path is there already. */
import { lstatSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { errnoOf } from '../errors.ts'

export interface Existing {
  readonly path: string
  /** Of what the path leads to; of the link itself when it leads nowhere. */
  readonly stat: Stats
}

/** Not there, or not to be seen: then the parent tells more. */
const ABSENT = ['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP']

/** Of what the path leads to, or of the link itself when it leads nowhere; null when it is not there, or hidden. */
export function statIfPresent(path: string): Stats | null {
  for (const stat of [statSync, lstatSync]) {
    try {
      return stat(path)
    } catch (error) {
      if (!ABSENT.includes(errnoOf(error) ?? '')) throw error
    }
  }
  return null
}

/** The path itself when it is there, else the nearest of its parents that is. @param path absolute */
export function nearestExisting(path: string): Existing {
  const stat = statIfPresent(path)
  if (stat !== null) return { path, stat }
  if (dirname(path) === path) throw new Error(`${path} is not there`)
  return nearestExisting(dirname(path))
}
