/** `job list`, `job show` and `job stats`. */
import { formatDuration, toIso, wallMs } from '../clock.ts'
import { MydError } from '../errors.ts'
import { JOB_STATES, type JobState } from '../job/job.ts'
import { type JobView, LIST_LIMIT } from '../job/wire.ts'
import { nearest } from '../settings/nearest.ts'
import { flagOf, idsOf, integerFlag, type JobCall, type JobCommand, printJson } from './job-command.ts'
import { alignColumns } from './job-table.ts'

const DEFAULT_LIMIT = 50
const MOST = 1_000_000

export const listJob: JobCommand = async (call) => {
  if (call.args.length > 0) throw new MydError('USAGE', `unexpected “${call.args[0]}”`, { hint: 'job show ID' })
  const jobs = await readJobs(call, integerFlag(call, 'limit', 1, MOST) ?? DEFAULT_LIMIT)
  if (call.context.json) printJson(call, { jobs })
  else call.context.stdout(renderList(jobs, wallMs(), call.context.width))
  return 0
}

/** The newest first, in pages as the store gives them. */
async function readJobs(call: JobCall, limit: number): Promise<JobView[]> {
  const state = readState(flagOf(call, 'state'))
  const type = flagOf(call, 'type')
  const jobs: JobView[] = []
  for (;;) {
    const last = jobs.at(-1)
    const filter = {
      ...(state !== undefined && { state }),
      ...(type !== undefined && { type }),
      ...(last !== undefined && { before: last.id }),
      limit: Math.min(limit - jobs.length, LIST_LIMIT),
    }
    const page = (await call.client.call({ op: 'list', filter })).jobs
    jobs.push(...page)
    if (page.length < filter.limit || jobs.length >= limit) return jobs
  }
}

/** @throws MydError USAGE */
function readState(text: string | undefined): JobState | undefined {
  const state = JOB_STATES.find((known) => known === text)
  if (state !== undefined || text === undefined) return state
  const near = nearest(text, JOB_STATES)
  const hint = near === null ? `known are ${JOB_STATES.join(', ')}` : `did you mean ${near}?`
  throw new MydError('USAGE', `--state is “${text}”`, { hint })
}

export function renderList(jobs: readonly JobView[], nowMs: number, width: number): string {
  const rows = jobs.map((job) => [
    String(job.id),
    job.state,
    job.type,
    `${job.failures + job.deaths}/${job.attempts}`,
    formatDuration(Math.max(0, nowMs - job.addedAt)),
    [job.reason, job.command.join(' ')].filter((text) => text !== '').join(': '),
  ])
  return alignColumns([['ID', 'STATE', 'TYPE', 'FAILED', 'AGE', 'WHAT'], ...rows], width)
}

export const showJob: JobCommand = async (call) => {
  const ids = idsOf(call)
  for (const id of ids) {
    const { job } = await call.client.call({ op: 'show', job: id })
    if (call.context.json) printJson(call, job)
    else call.context.stdout(renderJob(job))
  }
  return 0
}

export function renderJob(job: JobView): string {
  const { output, ...fields } = job
  const lines = Object.entries(fields)
    .filter(([, value]) => value !== null && value !== '' && !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) => `${name.padEnd(12)} ${showField(name, value)}\n`)
  return `${lines.join('')}${output === '' ? '' : `output\n${output.replace(/^/gm, '  ').trimEnd()}\n`}`
}

function showField(name: string, value: unknown): string {
  if (typeof value === 'number' && name.endsWith('At')) return toIso(value)
  if (typeof value === 'number' && name === 'umask') return value.toString(8).padStart(4, '0')
  return Array.isArray(value) ? value.join(' ') : String(value)
}

export const showJobStats: JobCommand = async (call) => {
  const { states, types, nextDueAt } = await call.client.call({ op: 'stats' })
  if (call.context.json) {
    printJson(call, { states, types, nextDueAt })
    return 0
  }
  const rows = Object.entries(types).map(([type, counts]) => [
    type,
    ...JOB_STATES.map((state) => String(counts[state] ?? 0)),
  ])
  const total = ['(all)', ...JOB_STATES.map((state) => String(states[state]))]
  const head = ['TYPE', ...JOB_STATES.map((state) => state.toUpperCase())]
  call.context.stdout(alignColumns([head, ...rows, total], call.context.width))
  return 0
}
