/** A service and its jobs, running: in a worker, or with `--nofork` in the only process there is. */
import type { Component } from '../component.ts'
import { MydError, messageOf } from '../errors.ts'
import type { JobBoard } from '../metrics/scoreboard.ts'
import type { Log, RunningService, ServiceContext, ServiceDefinition } from '../service/define-service.ts'
import { JobRunner } from './job-runner.ts'
import { resolveService, type ServiceOrigin } from './resolve-service.ts'

export interface ServiceRunnerOptions {
  readonly origin: ServiceOrigin
  readonly slot: number
  readonly jobsSocket: string
  readonly board: JobBoard
  readonly log: Log
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Ending a run takes this long beyond the time its command has between TERM and KILL. */
const END_RUN_MS = 1000

/**
 * `stop` is graceful: no more work, what is in hand until most of stopTimeout is over, then the service's own stop. A
 * worker may be told twice (by its master and by a TERM of its own): every `stop` ends when the first one does.
 */
export function createServiceRunner(options: ServiceRunnerOptions): Component {
  const { origin, slot, log, environment } = options
  const stopping = new AbortController()
  let running: RunningService | null = null
  let jobs: JobRunner | null = null
  let stopped: Promise<void> | null = null
  return {
    name: 'service',
    async start() {
      const service = await resolveService(origin, environment)
      running = await startService(service, { log, signal: stopping.signal, slot })
      jobs = new JobRunner({
        worker: origin.worker,
        socketPath: options.jobsSocket,
        handlers: service.jobs ?? {},
        prefetchLimit: origin.settings['jobs.prefetch'],
        board: options.board,
        log,
      })
      await jobs.start()
    },
    stop() {
      stopping.abort()
      stopped ??= stopInOrder(jobs, running, patienceMs(origin))
      return stopped
    },
  }
}

async function stopInOrder(jobs: JobRunner | null, running: RunningService | null, patienceMs: number): Promise<void> {
  const hurry = new AbortController()
  const timer = setTimeout(() => hurry.abort(), patienceMs)
  try {
    await jobs?.drain(hurry.signal)
    await running?.stop?.()
    await jobs?.stop()
  } finally {
    clearTimeout(timer)
  }
}

/** What a service throws is its author's to mend, not a bug of ours. @throws MydError START_FAILED */
async function startService(service: ServiceDefinition, context: ServiceContext): Promise<RunningService | null> {
  try {
    return (await service.start?.(context)) ?? null
  } catch (error) {
    throw new MydError('START_FAILED', messageOf(error), { cause: error })
  }
}

/** How long a run may go on after the order to stop, so that its command can still be ended in order. */
function patienceMs({ settings }: ServiceOrigin): number {
  const { stopTimeout } = settings
  return Math.max(stopTimeout - settings['jobs.killDelay'] - END_RUN_MS, stopTimeout / 2)
}
