/**
 * The directories of the instance: there or can be made, ours, writable, and closed to others. Whoever may write a
 * directory may put files of their own in place of ours; the sticky bit does not keep them from laying new ones.
 */
import { accessSync, constants } from 'node:fs'
import { errnoOf } from '../errors.ts'
import type { PreflightContext } from './context.ts'
import { type Finding, failure, ok, warning } from './finding.ts'
import { nearestExisting, statIfPresent } from './nearest-existing.ts'

const CHECK = 'directories'

/** What `stat` says, as far as it matters here. */
export interface DirectoryFacts {
  readonly isDirectory: boolean
  readonly owner: number
  readonly mode: number
  /** Why it cannot be written: `EACCES`, `EROFS`; null when it can. */
  readonly writeError: string | null
}

const OTHERS_WRITE = 0o022
const STICKY = 0o1000

const WRITE_PROBLEMS: Readonly<Record<string, string>> = {
  EACCES: 'cannot be written by this user',
  EPERM: 'cannot be written by this user',
  EROFS: 'is on a file system that is mounted read-only',
}

/** A directory that is there. @param what for messages: `the state directory` */
export function assessDirectory(what: string, path: string, facts: DirectoryFacts, uid: number): Finding {
  const { isDirectory, owner, mode, writeError } = facts
  const elsewhere = 'or choose another with --home'
  if (!isDirectory) return failure(CHECK, `${what} ${path} is no directory`, `Move it away, ${elsewhere}`)
  if (owner !== uid && owner !== 0) {
    const message = `${what} ${path} belongs to uid ${owner}, not to this user (uid ${uid})`
    return failure(CHECK, message, `Give it to this user (chown), ${elsewhere}`)
  }
  if ((mode & OTHERS_WRITE) !== 0) {
    const message = `${what} ${path} can be written by others (mode ${(mode & 0o7777).toString(8).padStart(4, '0')})`
    return failure(CHECK, message, `Run: chmod go-w ${path}`)
  }
  if (writeError !== null) {
    const message = `${what} ${path} ${WRITE_PROBLEMS[writeError] ?? `cannot be written (${writeError})`}`
    return failure(CHECK, message, `Make it writable, ${elsewhere}`)
  }
  return ok(CHECK, `${what} ${path} is ours and writable`)
}

/** A directory that will be made. @param parent the nearest that is there */
export function assessParent(what: string, path: string, parent: string, facts: DirectoryFacts): Finding {
  const advice = `Make ${path} for this user, or choose another with --home`
  if (!facts.isDirectory) return failure(CHECK, `${what} ${path} cannot be made: ${parent} is no directory`, advice)
  if (facts.writeError !== null) {
    const reason = WRITE_PROBLEMS[facts.writeError] ?? `cannot be written (${facts.writeError})`
    return failure(CHECK, `${what} ${path} cannot be made: ${parent} ${reason}`, advice)
  }
  if ((facts.mode & 0o002) !== 0 && (facts.mode & STICKY) === 0) {
    const message = `${what} ${path} will be made in ${parent}, where anybody may replace it`
    return warning(CHECK, message, `Run: chmod o-w ${parent}, or choose another with --home`)
  }
  return ok(CHECK, `${what} ${path} can be made`)
}

function writeErrorOf(path: string): string | null {
  try {
    accessSync(path, constants.W_OK | constants.X_OK)
    return null
  } catch (error) {
    return errnoOf(error) ?? 'unknown'
  }
}

/** Whether it is there, a directory, of this user and closed to others: then files may be laid into it. */
export function isDirectoryOf(path: string, uid: number): boolean {
  const stat = statIfPresent(path)
  return stat?.isDirectory() === true && stat.uid === uid && (stat.mode & OTHERS_WRITE) === 0
}

function checkDirectory(what: string, path: string, uid: number): Finding {
  const existing = nearestExisting(path)
  const isDirectory = existing.stat.isDirectory()
  const writeError = isDirectory ? writeErrorOf(existing.path) : null
  const facts = { isDirectory, owner: existing.stat.uid, mode: existing.stat.mode, writeError }
  if (existing.path === path) return assessDirectory(what, path, facts, uid)
  return assessParent(what, path, existing.path, facts)
}

/** Directories that are the same are told once: `the run and log directory`. */
export function nameDirectories(paths: PreflightContext['loaded']['paths']): Map<string, string> {
  const roles = [
    ['run', paths.runDirectory],
    ['log', paths.logDirectory],
    ['state', paths.stateDirectory],
  ] as const
  const byPath = Map.groupBy(roles, ([, path]) => path)
  return new Map([...byPath].map(([path, same]) => [path, `the ${same.map(([role]) => role).join(' and ')} directory`]))
}

export function checkDirectories({ loaded, uid }: PreflightContext): Finding[] {
  return [...nameDirectories(loaded.paths)].map(([path, what]) => checkDirectory(what, path, uid))
}
