/** Finds programs as a shell would, but only where that means the same for every process. */
import { accessSync, constants, statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'

/** What execvp takes when there is no PATH. */
const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin'

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false // not there, not ours to run, or a link to nowhere: it cannot be run
  }
}

/**
 * The absolute path of a program, or null. Relative entries of PATH are passed over: they mean another directory
 * in each process.
 */
export function which(program: string, path: string = DEFAULT_PATH): string | null {
  if (program.includes('/')) return isAbsolute(program) && isExecutable(program) ? program : null
  const directories = path.split(':').filter(isAbsolute)
  return directories.map((directory) => join(directory, program)).find(isExecutable) ?? null
}
