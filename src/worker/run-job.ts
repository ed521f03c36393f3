/** One run of one job: its handler, its time, and the report of how it ended. Never throws for what a handler does. */
import { formatDuration, monotonicMicroseconds } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { RunReport } from '../job/wire.ts'
import type { Job, JobResult } from '../service/define-service.ts'
import type { JobHandler, RunContext } from '../service/job-handler.ts'

/** Why a run is ended before it is over; the `reason` of its signal. */
export class RunEnd extends Error {
  readonly kind: 'timeout' | 'cancel' | 'stop'

  constructor(kind: RunEnd['kind'], message: string) {
    super(message)
    this.name = 'RunEnd'
    this.kind = kind
  }
}

const NOTHING: JobResult = { exitCode: null, signal: null, output: '' }

/** What a handler throws is kept with the job up to here. */
const REASON_LIMIT = 1000

/** A timer for longer than 24.8 days fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** @param controller ends the run; the time of the job ends it too */
export async function runJob(
  job: Job,
  handler: JobHandler | undefined,
  context: Omit<RunContext, 'signal'>,
  controller: AbortController,
): Promise<RunReport> {
  const startedAt = monotonicMicroseconds()
  const stopTimer = startTimer(job, controller)
  try {
    if (handler === undefined) throw new Error(`this worker does not run jobs of type ${job.type}`)
    const result = await handler(job, { ...context, signal: controller.signal })
    return report(job, result ?? NOTHING, result === undefined || result.exitCode === 0, startedAt, controller.signal)
  } catch (error) {
    return report(job, NOTHING, false, startedAt, controller.signal, messageOf(error).slice(0, REASON_LIMIT))
  } finally {
    stopTimer()
  }
}

/** Ends the run when the time of the job is over. @returns what calls this off */
function startTimer({ timeoutMs }: Job, controller: AbortController): () => void {
  let timer: NodeJS.Timeout | undefined
  const wait = (leftMs: number): void => {
    const stepMs = Math.min(leftMs, LONGEST_TIMER_MS)
    timer = setTimeout(() => (leftMs > stepMs ? wait(leftMs - stepMs) : end()), stepMs)
  }
  const end = (): void => controller.abort(new RunEnd('timeout', `timed out after ${formatDuration(timeoutMs)}`))
  if (timeoutMs > 0) wait(timeoutMs)
  return () => clearTimeout(timer)
}

/** A run that was ended never counts as a success: many programs exit 0 on TERM, with their work half done. */
function report(
  job: Job,
  result: JobResult,
  isSuccess: boolean,
  startedAt: number,
  signal: AbortSignal,
  thrown?: string,
): RunReport {
  const end = signal.aborted && signal.reason instanceof RunEnd ? signal.reason : null
  const outcome = end?.kind === 'stop' ? 'interrupted' : isSuccess && end === null ? 'succeeded' : 'failed'
  return {
    job: job.id,
    attempt: job.attempt,
    outcome,
    exitCode: result.exitCode,
    signal: result.signal,
    durationMs: (monotonicMicroseconds() - startedAt) / 1000,
    reason: outcome === 'succeeded' ? '' : (end?.message ?? thrown ?? describe(result)),
    output: result.output,
  }
}

function describe(result: JobResult): string {
  return result.signal ?? `exit ${result.exitCode ?? 'unknown'}`
}
