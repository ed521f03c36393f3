/** `job add`: one job from the command line, or many from a file or from stdin. */
import { MydError } from '../errors.ts'
import type { NewJob } from '../job/wire.ts'
import { addMany } from './job-add-many.ts'
import { durationFlag, flagOf, integerFlag, type JobCall, type JobCommand, printJson, say } from './job-command.ts'
import { waitForOne } from './job-wait.ts'

export const PRIORITY_MIN = -1000
export const PRIORITY_MAX = 1000
export const ATTEMPTS_MAX = 1000

export const addJob: JobCommand = async (call) => {
  const file = flagOf(call, 'from-file')
  if (file !== undefined || call.args[0] === '-') return await addMany(call, file ?? '-')
  const { ids } = await call.client.call({ op: 'add', jobs: [readJob(call)] })
  const id = ids[0]!
  if (call.context.flags.has('wait')) return await waitForOne(call, id)
  if (call.context.json) printJson(call, { id })
  else call.context.stdout(`${id}\n`)
  say(call, call.client.hasDaemon ? `job ${id} is queued` : `job ${id} is queued; it is run after the next start`)
  return 0
}

/** @throws MydError USAGE */
function readJob(call: JobCall): NewJob {
  const { context, args } = call
  const type = flagOf(call, 'type') ?? 'command'
  const [payload] = args
  if (args.length > 1) throw usage(call, `unexpected “${args[1]}”`)
  if (type === 'command' && context.rest.length === 0) throw usage(call, 'which command?')
  if (type !== 'command' && context.rest.length > 0)
    throw usage(call, `a job of type ${type} takes a payload, no command`)
  const priority = integerFlag(call, 'priority', PRIORITY_MIN, PRIORITY_MAX)
  const attempts = integerFlag(call, 'attempts', 1, ATTEMPTS_MAX)
  return {
    ...{ type, directory: context.launch.directory, umask: process.umask() },
    ...(context.rest.length > 0 && { command: context.rest }),
    ...given('payload', payload),
    ...given('key', flagOf(call, 'key')),
    ...given('priority', priority),
    ...given('attempts', attempts),
    ...given('delayMs', durationFlag(call, 'delay')),
    ...given('timeoutMs', durationFlag(call, 'timeout')),
  }
}

function usage({ instance }: JobCall, message: string): MydError {
  return new MydError('USAGE', message, {
    hint: `${instance} job add -- gzip -k big.log, or ${instance} job add --type resize '{"file":"a.jpg"}'`,
  })
}

/** A field to spread, or nothing. */
export function given<K extends string, T>(name: K, value: T | undefined): { [key in K]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { [key in K]: T })
}
