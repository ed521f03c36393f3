/** Many jobs at once: one JSON object per line, sent in batches, each of which is kept whole or not at all. */
import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { errnoOf, MydError } from '../errors.ts'
import type { NewJob } from '../job/wire.ts'
import { flagOf, type JobCall, printJson, say } from './job-command.ts'
import { parseJobLine } from './job-line.ts'
import { waitForMany } from './job-wait.ts'

const BATCH_JOBS = 1000
const BATCH_BYTES = 256 * 1024
const STDIN_FD = 0

/** Flags of one job, which lines give themselves. */
const FLAGS_OF_ONE: readonly string[] = ['delay', 'priority', 'key', 'attempts', 'timeout']

/** @param file a path, or `-` for stdin */
export async function addMany(call: JobCall, file: string): Promise<number> {
  refuseMixture(call)
  const ids: number[] = []
  for await (const jobs of readBatches(call, file, () => ids.length)) {
    ids.push(...(await call.client.call({ op: 'add', jobs })).ids)
  }
  if (call.context.flags.has('wait')) return await waitForMany(call, ids)
  if (call.context.json) printJson(call, { ids })
  else call.context.stdout(ids.map((id) => `${id}\n`).join(''))
  say(call, `${ids.length} ${ids.length === 1 ? 'job is' : 'jobs are'} queued`)
  return 0
}

/** @throws MydError USAGE */
function refuseMixture({ context, args }: JobCall): void {
  const flag = FLAGS_OF_ONE.find((name) => context.flags.has(name))
  const hint = 'each line is a JSON object: {"type": "resize", "payload": "…", "priority": 1, "delay": "5s"}'
  if (flag !== undefined) throw new MydError('USAGE', `--${flag} is for one job, and many are read`, { hint })
  const isFileAndMore = context.flags.has('from-file') && args.length > 0
  if (isFileAndMore || args.length > 1 || context.rest.length > 0) {
    throw new MydError('USAGE', 'jobs are read from a file: nothing else can be given', { hint })
  }
}

async function* readBatches(call: JobCall, file: string, countQueued: () => number): AsyncGenerator<NewJob[]> {
  const defaults = { type: flagOf(call, 'type'), directory: call.context.launch.directory, umask: process.umask() }
  let jobs: NewJob[] = []
  let bytes = 0
  let line = 0
  for await (const text of readLines(resolve(call.context.launch.directory, file), file === '-')) {
    line++
    if (text.trim() === '') continue
    const job = parseJobLine(text, defaults)
    if (typeof job === 'string') {
      const hint = `${countQueued()} jobs of the lines before it are queued`
      throw new MydError('USAGE', `line ${line} of ${file === '-' ? 'stdin' : file}: ${job}`, { hint })
    }
    if (jobs.length === BATCH_JOBS || (jobs.length > 0 && bytes + text.length > BATCH_BYTES)) {
      yield jobs
      jobs = []
      bytes = 0
    }
    jobs.push(job)
    bytes += text.length
  }
  if (jobs.length > 0) yield jobs
}

async function* readLines(path: string, isStdin: boolean): AsyncGenerator<string> {
  const input = isStdin ? createReadStream('', { fd: STDIN_FD }) : createReadStream(path)
  try {
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    throw new MydError('USAGE', `cannot read ${path}: ${errnoOf(error)}`, { cause: error, path })
  }
}
