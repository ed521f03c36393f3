/** `job retry` and `job cancel`. */
import { MydError } from '../errors.ts'
import type { IdResult } from '../job/wire.ts'
import { idsOf, type JobCall, type JobCommand, printJson, say } from './job-command.ts'

export const retryJob: JobCommand = async (call) => {
  if (!call.context.flags.has('all-buried')) {
    return report(call, (await call.client.call({ op: 'retry', jobs: idsOf(call) })).jobs)
  }
  if (call.args.length > 0) throw new MydError('USAGE', '--all-buried and ids exclude each other')
  const { count } = await call.client.call({ op: 'retryBuried' })
  if (call.context.json) printJson(call, { count })
  else say(call, `${count} ${count === 1 ? 'job is' : 'jobs are'} ready again`)
  return 0
}

export const cancelJob: JobCommand = async (call) =>
  report(call, (await call.client.call({ op: 'cancel', jobs: idsOf(call) })).jobs)

/** @returns 1 when one was refused */
function report(call: JobCall, results: readonly IdResult[]): number {
  if (call.context.json) printJson(call, { jobs: results })
  else for (const { id, state, error } of results) say(call, error ?? `job ${id} is ${state}`)
  return results.some((result) => result.error !== null) ? 1 : 0
}
