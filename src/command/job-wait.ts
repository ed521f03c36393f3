/** `job wait`, and the waiting of `job add --wait`. */
import { constants } from 'node:os'
import { MydError } from '../errors.ts'
import type { JobView } from '../job/wire.ts'
import { idsOf, type JobCall, type JobCommand, printJson, say } from './job-command.ts'

/** Jobs of one request. */
const BATCH_JOBS = 1000

export const waitJob: JobCommand = async (call) => {
  if (!call.context.flags.has('all')) return await waitForMany(call, idsOf(call))
  if (call.args.length > 0) throw new MydError('USAGE', '--all and ids exclude each other')
  await call.client.call({ op: 'waitAll' })
  if (call.context.json) printJson(call, { all: true })
  return 0
}

/** @returns 0 when all of them are done, else 1 */
export async function waitForMany(call: JobCall, ids: readonly number[]): Promise<number> {
  const jobs: JobView[] = []
  for (let at = 0; at < ids.length; at += BATCH_JOBS) {
    jobs.push(...(await call.client.call({ op: 'wait', jobs: ids.slice(at, at + BATCH_JOBS) })).jobs)
  }
  if (call.context.json) printJson(call, { jobs })
  const wrong = jobs.filter((job) => job.state !== 'done')
  for (const job of wrong) say(call, describeOutcome(job))
  return wrong.length === 0 ? 0 : 1
}

/** Prints what the job printed. @returns its exit code; 1 for a job that has none and is not done */
export async function waitForOne(call: JobCall, id: number): Promise<number> {
  say(call, `job ${id} is queued`)
  await call.client.call({ op: 'wait', jobs: [id] })
  const { job } = await call.client.call({ op: 'show', job: id })
  if (call.context.json) printJson(call, job)
  else call.context.stdout(job.output)
  if (job.state === 'done') return 0
  say(call, describeOutcome(job))
  return exitCodeOf(job)
}

function exitCodeOf({ exitCode, signal }: JobView): number {
  if (signal !== null) return 128 + (constants.signals[signal as NodeJS.Signals] ?? 0)
  return exitCode || 1
}

function describeOutcome(job: JobView): string {
  return `job ${job.id} is ${job.state}${job.reason === '' ? '' : ` (${job.reason})`}`
}
