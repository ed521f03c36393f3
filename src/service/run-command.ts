/**
 * Runs a program for a job: in a session and process group of its own, in the caller's directory, with the caller's
 * umask and a clean environment. The run is over when the whole group is gone.
 *
 * On failure: a program that cannot be started is a failed run with the exit code of a shell (127 not found, 126 not
 * executable) and words in its output. When the worker dies, the kernel kills the program (setpriv, where present);
 * the rest of its group is the supervisor's, which was told of it right after the start.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { errnoOf, messageOf } from '../errors.ts'
import { keepOutputEnd, type OutputEnd } from './command-output.ts'
import type { Job, JobResult } from './define-service.ts'
import { findProgram } from './find-program.ts'
import type { RunContext } from './job-handler.ts'
import { endGroup, signalGroup } from './process-group.ts'

/** What is the same for all commands of a worker. */
export interface CommandOptions {
  /** For every command, its PATH included; see `commandEnvironment`. */
  readonly environment: Readonly<Record<string, string>>
  /** Between TERM and KILL. */
  readonly killDelayMs: number
  /** What is kept of the output. */
  readonly outputLimitBytes: number
  /** Absolute path of setpriv(1), or null where there is none. */
  readonly setpriv: string | null
}

const EXIT_NOT_EXECUTABLE = 126
const EXIT_NOT_FOUND = 127

/** An output pipe may be held by a process that left the group; the run does not wait for that. */
const OUTPUT_CLOSE_MS = 100

/** @param argv program and arguments @returns also when the program failed or could not be started */
export async function runCommand(
  argv: readonly string[],
  job: Job,
  context: RunContext,
  options: CommandOptions,
): Promise<JobResult> {
  const refusal = refuseCommand(argv, job, options)
  if (refusal !== null) return refusal
  const output = keepOutputEnd(options.outputLimitBytes)
  const child = spawnCommand(argv, job, options)
  const group = child.pid
  if (group === undefined) return await describeSpawnError(child)
  context.ownGroup(group)
  const stopEnding = endOnAbort(group, context.signal, options.killDelayMs)
  try {
    feed(child, job.payload)
    const result = await collect(child, group, output)
    return { ...result, output: output.text() }
  } finally {
    stopEnding()
  }
}

/** Looks before the start, since a failed exec says only ENOENT, whatever of the three is missing. */
function refuseCommand(argv: readonly string[], job: Job, options: CommandOptions): JobResult | null {
  const name = argv[0] ?? ''
  if (!isDirectory(job.directory)) {
    return failed(EXIT_NOT_EXECUTABLE, `cannot run ${name}: the directory ${job.directory} is gone or closed to us`)
  }
  const program = findProgram(name, options.environment.PATH ?? '', job.directory)
  if (program.kind === 'missing') return failed(EXIT_NOT_FOUND, `${name}: command not found`)
  if (program.kind === 'not-executable') return failed(EXIT_NOT_EXECUTABLE, `${program.path}: not executable`)
  return null
}

function isDirectory(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isDirectory()
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return false
    throw error
  }
}

function failed(exitCode: number, output: string): JobResult {
  return { exitCode, signal: null, output: `${output}\n` }
}

function spawnCommand(argv: readonly string[], job: Job, options: CommandOptions): ChildProcess {
  const guard = options.setpriv === null ? [] : [options.setpriv, '--pdeathsig', 'KILL', '--']
  const [program = '', ...rest] = [...guard, ...argv]
  const before = process.umask(job.umask) // a child takes the umask of the moment it is made
  try {
    return spawn(program, rest, {
      cwd: job.directory,
      detached: true,
      env: { ...options.environment, ...jobEnvironment(job) },
      stdio: [job.payload === '' ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
  } finally {
    process.umask(before)
  }
}

function jobEnvironment(job: Job): Record<string, string> {
  return {
    PWD: job.directory,
    MYD_JOB_ID: String(job.id),
    MYD_JOB_ATTEMPT: String(job.attempt),
    MYD_JOB_TYPE: job.type,
    ...(job.key === null ? {} : { MYD_JOB_KEY: job.key }),
  }
}

async function describeSpawnError(child: ChildProcess): Promise<JobResult> {
  const error = await new Promise((resolve) => child.once('error', resolve))
  return failed(EXIT_NOT_EXECUTABLE, `cannot start: ${messageOf(error)}`)
}

/** TERM to the group when the run is to end, KILL when it has not. @returns what calls this off */
function endOnAbort(group: number, signal: AbortSignal, killDelayMs: number): () => void {
  let timer: NodeJS.Timeout | undefined
  const end = (): void => {
    signalGroup(group, 'SIGTERM')
    timer = setTimeout(signalGroup, killDelayMs, group, 'SIGKILL')
  }
  if (signal.aborted) end()
  else signal.addEventListener('abort', end, { once: true })
  return () => {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
  }
}

function feed(child: ChildProcess, payload: string): void {
  child.stdin?.on('error', () => {}) // EPIPE: the program does not want its input, which is its own affair
  child.stdin?.end(payload)
}

/** Resolves when the program has ended, its group is gone and its output is read. */
async function collect(
  child: ChildProcess,
  group: number,
  output: OutputEnd,
): Promise<Pick<JobResult, 'exitCode' | 'signal'>> {
  child.stdout?.on('data', (chunk: Buffer) => output.add(chunk))
  child.stderr?.on('data', (chunk: Buffer) => output.add(chunk))
  const closed = new Promise((resolve) => child.once('close', resolve))
  const result = await new Promise<Pick<JobResult, 'exitCode' | 'signal'>>((resolve) => {
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }))
  })
  await endGroup(group)
  const timer = setTimeout(() => {
    child.stdout?.destroy()
    child.stderr?.destroy()
  }, OUTPUT_CLOSE_MS)
  await closed
  clearTimeout(timer)
  return result
}
