/**
 * The service of `myd` itself, and the jobs that every service runs beside its own: commands, the configured types,
 * and `noop` for measuring.
 */
import type { JobType } from '../protocol.ts'
import { which } from '../system/which.ts'
import type { JobHandler } from './job-handler.ts'
import { type CommandOptions, runCommand } from './run-command.ts'

/** @param jobTypes those without a command are another service's, and not among the result */
export function builtInJobs(
  jobTypes: Readonly<Record<string, JobType>>,
  options: CommandOptions,
): Record<string, JobHandler> {
  const configured = Object.entries(jobTypes).filter(([, { command }]) => command.length > 0)
  return {
    command: (job, context) => runCommand(job.command, job, context, options),
    noop: async () => {},
    ...Object.fromEntries(
      configured.map(([type, { command }]): [string, JobHandler] => [
        type,
        (job, context) => runCommand(command, job, context, options),
      ]),
    ),
  }
}

/**
 * The absolute path of setpriv(1), which has the kernel kill a command when its worker dies. Null: there is none.
 * @param searchPath looked at after the usual places: a daemon is often started with a PATH that has not even those
 */
export function findSetpriv(searchPath: string): string | null {
  return which('setpriv') ?? which('setpriv', searchPath)
}
