/** The programs of the configured types of jobs: there and executable. */
import { accessSync, constants, statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import type { PreflightContext } from './context.ts'
import { type Finding, failure, ok } from './finding.ts'

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

export function assessCommand(type: string, program: string, found: string | null): Finding {
  if (found !== null) return ok('commands', `jobs of type ${type} run ${found}`)
  const where = program.includes('/') ? 'is not there, or not executable' : 'is not on PATH'
  return failure(
    'commands',
    `${program}, which jobs of type ${type} need, ${where}`,
    `Install ${program}, or correct jobs.${type}.command`,
  )
}

export function checkCommands({ loaded, environment }: PreflightContext): Finding[] {
  return Object.entries(loaded.jobTypes).flatMap(([type, { command }]) => {
    const [program] = command
    return program === undefined ? [] : [assessCommand(type, program, which(program, environment.PATH))]
  })
}
