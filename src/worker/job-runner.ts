/**
 * The jobs of one worker: takes them from the store, runs them one at a time, reports how they ended.
 *
 * Invariants
 * - What the worker holds is the queue (reserved, not started), the run in hand, and the reports that the store has not
 *   acknowledged; `store-session.ts` sees to it that the store knows.
 * - A job is on the scoreboard from before its handler starts until its report was written to the socket. Short jobs
 *   are reported together: those are on it until their run has ended.
 *
 * On failure: without the store the run in hand goes on and its report waits; a disk that is full is the same.
 */
import type { Component } from '../component.ts'
import type { Lease, RunReport } from '../job/wire.ts'
import type { InHand, JobBoard } from '../metrics/scoreboard.ts'
import type { WorkerId } from '../protocol.ts'
import type { Job, Log } from '../service/define-service.ts'
import type { JobHandler } from '../service/job-handler.ts'
import { readStat } from '../system/proc.ts'
import { LONG_MS, nextPrefetch, SHORT_MS } from './prefetch.ts'
import { RunEnd, runJob } from './run-job.ts'
import { StoreSession } from './store-session.ts'

/** After an order to stop, reports are given this long to be acknowledged. */
const LAST_REPORTS_MS = 1000

export interface JobRunnerOptions {
  readonly worker: WorkerId
  readonly socketPath: string
  /** By job type. */
  readonly handlers: Readonly<Record<string, JobHandler>>
  /** Setting jobs.prefetch. */
  readonly prefetchLimit: number
  readonly board: JobBoard
  readonly log: Log
}

interface Run {
  readonly job: Job
  readonly controller: AbortController
  readonly inHand: InHand
}

export class JobRunner implements Component {
  readonly name = 'jobs'
  readonly #options: JobRunnerOptions
  readonly #session: StoreSession
  #queue: Job[] = []
  #current: Run | null = null
  #isDraining = false
  #isStopping = false
  #prefetch = 1
  /** The last run did not take long: what is next is asked for while this one runs. */
  #isBrisk = false
  #giveUpTimer: NodeJS.Timeout | undefined
  /** Until what waits behind the run in hand is given back. */
  #patience: NodeJS.Timeout | undefined
  #idleWaiters: (() => void)[] = []

  constructor(options: JobRunnerOptions) {
    const { worker, socketPath, handlers } = options
    this.#options = options
    this.#session = new StoreSession(
      { worker, socketPath, types: Object.keys(handlers) },
      {
        held: () => [...this.#queue, ...(this.#current === null ? [] : [this.#current.job])].map(toLease),
        onJobs: (jobs) => this.#receive(jobs),
        onCancel: (id) => this.#cancel(id),
        onChange: () => this.#advance(),
      },
    )
  }

  /** Ready at once: a worker serves without the store too, and connects when it comes. */
  async start(): Promise<void> {
    this.#session.open()
  }

  /**
   * Takes no more jobs, gives back what is not started, lets the run in hand finish.
   * @param signal ends that run too: its job is tried again elsewhere
   * @returns when nothing is held any more; after the signal, also when the store cannot be told
   */
  async drain(signal: AbortSignal): Promise<void> {
    this.#isDraining = true
    const idle = new Promise<void>((resolve) => this.#idleWaiters.push(resolve))
    this.#session.release(this.#queue.splice(0).map(toLease), true)
    if (signal.aborted) this.#endRun()
    else signal.addEventListener('abort', () => this.#endRun(), { once: true })
    this.#advance()
    await idle
  }

  async stop(): Promise<void> {
    await this.drain(AbortSignal.abort())
    clearTimeout(this.#giveUpTimer)
    this.#session.close()
  }

  /** A job in the queue is given back, which ends it; the run in hand is told to end. */
  #cancel(id: number): void {
    const isOf = (job: Job): boolean => job.id === id
    this.#session.release(this.#queue.filter(isOf).map(toLease))
    this.#queue = this.#queue.filter((job) => !isOf(job))
    if (this.#current !== null && isOf(this.#current.job)) {
      this.#current.controller.abort(new RunEnd('cancel', 'cancelled'))
    }
  }

  #receive(jobs: readonly Job[]): void {
    this.#queue.push(...jobs)
    if (this.#isDraining) this.#giveBack()
    if (this.#current !== null) this.#limitWaiting()
    this.#advance()
  }

  /** Does what is next: a run, or an exchange with the store. Called whenever something may have changed. */
  #advance(): void {
    if (this.#current !== null) return
    const next = this.#queue.shift()
    if (next !== undefined) return this.#run(next)
    this.#exchange()
    if (this.#session.isQuiet()) this.#releaseWaiters()
  }

  /** Reports what is finished, gives back what is not started, and asks for more: in one write. */
  #exchange(): void {
    this.#exchangeBehind(0)
  }

  /** The same, but for the first `kept` of the queue; more is asked for only when nothing is left in it. */
  #exchangeBehind(kept: number): void {
    this.#session.together(() => {
      this.#giveBack(kept)
      if (!this.#isDraining && this.#queue.length === 0) this.#session.take(this.#prefetch)
    })
  }

  /** Before or beside a run that takes long: another worker may be idle, and somebody may wait for the reports. */
  #giveBack(kept = 0): void {
    this.#session.sendReports()
    this.#session.release(this.#queue.splice(kept).map(toLease))
  }

  #run(job: Job): void {
    const { board, handlers, log } = this.#options
    const run: Run = { job, controller: new AbortController(), inHand: board.takeInHand(job.id) }
    this.#current = run
    const ownGroup = (group: number): void => run.inHand.ownGroup(group, readStat(group)?.startTime ?? 0)
    if (this.#isBrisk && this.#queue.length === 0) this.#exchange()
    if (this.#queue.length > 0 || this.#session.hasUnsent()) this.#limitWaiting()
    void runJob(job, handlers[job.type], { log, ownGroup }, run.controller).then((report) => this.#finish(run, report))
  }

  #limitWaiting(): void {
    this.#patience ??= setTimeout(() => {
      this.#patience = undefined
      this.#giveBack()
    }, LONG_MS)
  }

  #finish(run: Run, report: RunReport): void {
    const { board, log, prefetchLimit } = this.#options
    this.#current = null
    clearTimeout(this.#patience)
    this.#patience = undefined
    this.#session.addReport(report)
    this.#isBrisk = report.durationMs < LONG_MS
    if (this.#queue.length === 0 || report.durationMs >= SHORT_MS) {
      this.#prefetch = nextPrefetch(this.#prefetch, report.durationMs, prefetchLimit)
      this.#exchangeBehind(this.#isBrisk ? 1 : 0)
    }
    run.inHand.release()
    board.countJob(report.outcome === 'succeeded' ? 'done' : 'failed', report.durationMs)
    if (report.outcome !== 'succeeded') noteFailure(log, run.job, report)
    if (this.#isStopping) this.#giveUpSoon()
    this.#advance()
  }

  #endRun(): void {
    this.#isStopping = true
    if (this.#current === null) this.#giveUpSoon()
    else this.#current.controller.abort(new RunEnd('stop', 'ended because the worker stops'))
  }

  #giveUpSoon(): void {
    clearTimeout(this.#giveUpTimer)
    this.#giveUpTimer = setTimeout(() => this.#releaseWaiters(), LAST_REPORTS_MS)
  }

  #releaseWaiters(): void {
    for (const resolve of this.#idleWaiters.splice(0)) resolve()
  }
}

function toLease({ id, attempt }: Job): Lease {
  return { job: id, attempt }
}

function noteFailure(log: Log, job: Job, report: RunReport): void {
  const { id, type, attempt } = job
  log.warning('job did not succeed', { job: id, type, attempt, reason: report.reason, outcome: report.outcome })
}
