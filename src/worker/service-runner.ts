/** A service and its jobs, running: in a worker, or with `--nofork` in the only process there is. */
import type { Component } from '../component.ts'
import { MydError, messageOf } from '../errors.ts'
import type { JobBoard } from '../metrics/scoreboard.ts'
import type { SocketKey } from '../protocol.ts'
import type { Log, RunningService, Service, StartContext } from '../service/define-service.ts'
import { type JobHandler, ownHandlers } from '../service/job-handler.ts'
import { JobRunner } from './job-runner.ts'
import type { Listening } from './listening.ts'
import { resolveJobs, resolveService, type ServiceOrigin } from './resolve-service.ts'

export interface ServiceRunnerOptions {
  readonly origin: ServiceOrigin
  readonly slot: number
  readonly jobsSocket: string
  readonly board: JobBoard
  readonly log: Log
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly listening: Listening
  /** The service's code is there; what nobody catches from now on is a failure of the running service. */
  readonly onLoaded: () => void
  /** Gives the service the signal that tells it to end; false when it has no listener of its own. */
  readonly tellEnd: () => boolean
  /** Of a service that wants to end. */
  readonly exit: (code: number) => void
}

export interface ServiceRunner extends Component {
  /** @param last addresses on which nobody accepts after this */
  stop(last?: readonly SocketKey[]): Promise<void>
}

/** Ending a run takes this long beyond the time its command has between TERM and KILL. */
const END_RUN_MS = 1000
/** An unmodified server that does not listen by then may never do: its operator is told what it waits for. */
const REMIND_MS = 5000

/**
 * `stop` is graceful: no more work, what is in hand until most of stopTimeout is over, then the service's own stop. A
 * worker may be told twice (by its master and by a TERM of its own): every `stop` ends when the first one does.
 */
export function createServiceRunner(options: ServiceRunnerOptions): ServiceRunner {
  const runner = new Runner(options)
  return {
    name: 'service',
    start: () => runner.start(),
    stop: (last = []) => runner.stop(last),
  }
}

class Runner {
  readonly #options: ServiceRunnerOptions
  readonly #stopping = new AbortController()
  #running: RunningService | null = null
  #jobs: JobRunner | null = null
  #stopped: Promise<void> | null = null

  constructor(options: ServiceRunnerOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { origin, listening } = this.#options
    if (origin.service !== null) {
      await listening.install()
      ;(await import('../system/cluster-worker.ts')).adaptCluster(this.#options.slot)
    }
    const own = await this.#startOwn()
    this.#jobs = new JobRunner({
      worker: origin.worker,
      socketPath: this.#options.jobsSocket,
      handlers: { ...resolveJobs(origin, this.#options.environment), ...own },
      prefetchLimit: origin.settings['jobs.prefetch'],
      board: this.#options.board,
      log: this.#options.log,
    })
    await this.#jobs.start()
  }

  /** @returns the handlers of the service's own jobs */
  async #startOwn(): Promise<Record<string, JobHandler>> {
    const { origin, onLoaded } = this.#options
    const loaded = await resolveService(origin)
    onLoaded()
    if (loaded?.kind === 'defined') return await this.#startService(loaded.service)
    if (loaded?.kind === 'unmodified' && origin.settings.ready === 'listening') await this.#awaitListening()
    return {}
  }

  async #startService(service: Service): Promise<Record<string, JobHandler>> {
    const { origin, log, slot, exit } = this.#options
    const { signal } = this.#stopping
    const settings = origin.serviceSettings
    const state = await callStart(service, { settings: settings as never, log, signal, slot, exit })
    this.#running = isRunning(state) ? state : null
    const { openServers } = await import('./open-servers.ts')
    await openServers(service, origin.settings, { settings, state, log, signal }, this.#options.listening)
    return ownHandlers(service, { settings, state })
  }

  /** A server that knows nothing of us is ready when it listens. */
  async #awaitListening(): Promise<void> {
    const { listening, log, origin } = this.#options
    const reminder = setTimeout(
      () => {
        log.warning('it is loaded and listens nowhere yet; if it never will, set ready = "loaded"')
      },
      Math.min(REMIND_MS, origin.settings.bootTimeout / 2),
    )
    await listening.whenListening()
    clearTimeout(reminder)
  }

  stop(last: readonly SocketKey[]): Promise<void> {
    this.#stopping.abort()
    this.#stopped ??= this.#stopInOrder(last)
    return this.#stopped
  }

  /**
   * Requests and jobs first, then the service is told: its own way to end may close what still sends a request. What is
   * left then (WebSockets, plain TCP) is for the service to end.
   */
  async #stopInOrder(last: readonly SocketKey[]): Promise<void> {
    const { origin, listening, tellEnd } = this.#options
    const hurry = new AbortController()
    const timer = setTimeout(() => hurry.abort(), patienceMs(origin))
    try {
      listening.stopAccepting(last)
      const requestsDone = Promise.withResolvers<void>()
      const connectionsEnded = listening.drain({ idleMs: origin.settings.drainIdleTime, signal: hurry.signal }, () => {
        tellEnd()
        requestsDone.resolve()
      })
      await Promise.all([this.#jobs?.drain(hurry.signal), requestsDone.promise])
      await this.#running?.stop?.()
      await connectionsEnded
      await this.#jobs?.stop()
    } finally {
      clearTimeout(timer)
    }
  }
}

function isRunning(state: unknown): state is RunningService {
  return typeof state === 'object' && state !== null && typeof (state as RunningService).stop === 'function'
}

/** What a service throws is its author's to mend, not a bug of ours. @throws MydError START_FAILED */
async function callStart(service: Service, context: StartContext): Promise<unknown> {
  try {
    return await service.start?.(context)
  } catch (error) {
    throw new MydError('START_FAILED', messageOf(error), { cause: error })
  }
}

/** How long a run may go on after the order to stop, so that its command can still be ended in order. */
function patienceMs({ settings }: ServiceOrigin): number {
  const { stopTimeout } = settings
  return Math.max(stopTimeout - settings['jobs.killDelay'] - END_RUN_MS, stopTimeout / 2)
}
