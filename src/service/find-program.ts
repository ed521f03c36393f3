/** Finds a program as execvp(3) would, so that a command that cannot run is told in words before anything starts. */
import { accessSync, constants, statSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import { errnoOf } from '../errors.ts'

export type FoundProgram =
  | { readonly kind: 'found'; readonly path: string }
  | { readonly kind: 'missing' }
  /** There is a file, but it is no program: a directory, or without the right to execute it. */
  | { readonly kind: 'not-executable'; readonly path: string }

/**
 * @param name a path when it has a `/`, else looked for in `searchPath`
 * @param directory where relative paths start
 */
export function findProgram(name: string, searchPath: string, directory: string): FoundProgram {
  const candidates = name.includes('/')
    ? [resolve(directory, name)]
    : searchPath.split(':').map((entry) => join(isAbsolute(entry) ? entry : resolve(directory, entry), name))
  let refused: FoundProgram = { kind: 'missing' }
  for (const path of candidates) {
    if (!isFile(path)) continue
    if (isExecutable(path)) return { kind: 'found', path }
    refused = { kind: 'not-executable', path }
  }
  return refused
}

function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
  } catch (error) {
    if (errnoOf(error) === 'EACCES') return false // behind a directory that is closed to us, as for execvp
    throw error
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch (error) {
    if (errnoOf(error) === 'EACCES') return false
    throw error
  }
}
