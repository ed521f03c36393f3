/** The programs of the configured types of jobs: there and executable. */
import { which } from '../system/which.ts'
import type { PreflightContext } from './context.ts'
import { type Finding, failure, ok } from './finding.ts'

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
