/**
 * The jobs of one worker: takes them from the store, runs them one at a time, reports how they ended.
 *
 * Invariants
 * - What the worker holds is the queue (reserved, not started), the run in hand, and the reports that the store has not
 *   acknowledged. After each connect it names all of that, so that what it does not name goes back at once.
 * - A report is repeated until it is acknowledged; the store counts it once.
 * - A job is on the scoreboard from before its handler starts until its report was written to the socket. Short jobs
 *   are reported together: those are on it until their run has ended.
 *
 * On failure: without the store the run in hand goes on and its report waits; a disk that is full is the same.
 */
import type { Component } from '../component.ts'
import { StoreLink, type StoreMessage } from '../job/store-link.ts'
import type { Lease, RunReport } from '../job/wire.ts'
import type { InHand, JobBoard } from '../metrics/scoreboard.ts'
import type { WorkerId } from '../protocol.ts'
import type { Job, JobHandler, Log } from '../service/define-service.ts'
import { readStat } from '../system/proc.ts'
import { LONG_MS, nextPrefetch, SHORT_MS } from './prefetch.ts'
import { RunEnd, runJob } from './run-job.ts'

/** What the store refused for want of disk is asked again after this. */
const ASK_AGAIN_MS = 1000
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
  readonly #link: StoreLink
  readonly #unacknowledged = new Map<string, RunReport>()
  #queue: Job[] = []
  #unsent: RunReport[] = []
  #current: Run | null = null
  #isAttached = false
  #isAsking = false
  #isDraining = false
  #isStopping = false
  #prefetch = 1
  #timer: NodeJS.Timeout | undefined
  #idleWaiters: (() => void)[] = []

  constructor(options: JobRunnerOptions) {
    this.#options = options
    this.#link = new StoreLink(options.socketPath, {
      onConnect: () => this.#attach(),
      onDisconnect: () => this.#detach(),
      onEvent: (message) => message.event === 'cancel' && this.#cancel(Number(message.job)),
    })
  }

  /** Ready at once: a worker serves without the store too, and connects when it comes. */
  async start(): Promise<void> {
    this.#link.open()
  }

  /**
   * Takes no more jobs, gives back what is not started, lets the run in hand finish.
   * @param signal ends that run too: its job is tried again elsewhere
   * @returns when nothing is held any more; after the signal, also when the store cannot be told
   */
  async drain(signal: AbortSignal): Promise<void> {
    this.#isDraining = true
    const idle = new Promise<void>((resolve) => this.#idleWaiters.push(resolve))
    const leases = this.#queue.splice(0).map(toLease)
    if (this.#isAttached) this.#link.ask({ op: 'release', leases, stop: true }, ignore)
    if (signal.aborted) this.#endRun()
    else signal.addEventListener('abort', () => this.#endRun(), { once: true })
    this.#tellIdle()
    await idle
  }

  async stop(): Promise<void> {
    await this.drain(AbortSignal.abort())
    clearTimeout(this.#timer)
    this.#link.close()
  }

  #attach(): void {
    const { worker, handlers } = this.#options
    const inHand = this.#current === null ? [] : [toLease(this.#current.job)]
    const held = [...this.#queue.map(toLease), ...inHand, ...[...this.#unacknowledged.values()].map(leaseOf)]
    this.#link.ask({ op: 'attach', worker, types: Object.keys(handlers), held }, (answer) => {
      if (answer.ok !== true) return this.#askAgain()
      this.#isAttached = true
      for (const id of [...(answer.drop as number[]), ...(answer.cancel as number[])]) this.#cancel(id)
      this.#unsent = [...this.#unacknowledged.values()]
      this.#advance()
    })
  }

  #detach(): void {
    this.#isAttached = false
    this.#isAsking = false
    this.#tellIdle()
  }

  /** A job in the queue is given back, which ends it; the run in hand is told to end. */
  #cancel(id: number): void {
    const job = this.#queue.find((queued) => queued.id === id)
    this.#queue = this.#queue.filter((queued) => queued.id !== id)
    if (job !== undefined) this.#release([toLease(job)])
    if (this.#current?.job.id === id) this.#current.controller.abort(new RunEnd('cancel', 'cancelled'))
  }

  /** The store refused for want of disk. */
  #askAgain(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      if (!this.#isAttached) return this.#attach() // does nothing while there is no connection: that attaches itself
      this.#unsent = [...this.#unacknowledged.values()]
      this.#advance()
    }, ASK_AGAIN_MS)
  }

  #advance(): void {
    if (this.#current !== null) return
    const next = this.#queue.shift()
    if (next !== undefined) return this.#run(next)
    this.#exchange()
    this.#tellIdle()
  }

  /** Reports what is finished, gives back what is not started, and asks for more: in one write. */
  #exchange(): void {
    this.#link.cork()
    this.#sendReports()
    this.#giveBack()
    this.#take()
    this.#link.uncork()
  }

  #sendReports(): void {
    if (this.#unsent.length === 0 || !this.#isAttached) return
    const reports = this.#unsent.splice(0)
    this.#link.ask({ op: 'finish', reports }, (answer) => {
      if (answer.ok !== true) return this.#askAgain()
      for (const report of reports) this.#unacknowledged.delete(keyOf(report))
      this.#tellIdle()
    })
  }

  #giveBack(): void {
    const leases = this.#queue.splice(0).map(toLease)
    if (leases.length > 0) this.#release(leases)
  }

  /**
   * A store that cannot write this down still believes them ours. Attaching anew, without naming them, gives them back
   * as soon as it can; on a new connection, because a job on its way to us on this one would be given to another too.
   */
  #release(leases: readonly Lease[]): void {
    this.#link.ask({ op: 'release', leases }, (answer) => {
      if (answer.ok !== true) this.#link.reset()
    })
  }

  #take(): void {
    if (this.#isDraining || this.#isAsking || !this.#isAttached) return
    this.#isAsking = this.#link.ask({ op: 'take', n: this.#prefetch }, (answer) => this.#receive(answer))
  }

  #receive(answer: StoreMessage): void {
    this.#isAsking = false
    if (answer.ok !== true) return this.#askAgain()
    this.#queue.push(...(answer.jobs as Job[]))
    if (this.#isDraining) this.#giveBack()
    this.#advance()
  }

  #run(job: Job): void {
    const { board, handlers, log } = this.#options
    const run: Run = { job, controller: new AbortController(), inHand: board.takeInHand(job.id) }
    this.#current = run
    const ownGroup = (group: number): void => run.inHand.ownGroup(group, readStat(group)?.startTime ?? 0)
    const isWaitedFor = this.#queue.length + this.#unsent.length > 0
    const timer = isWaitedFor ? setTimeout(() => this.#notKeepWaiting(), LONG_MS) : undefined
    void runJob(job, handlers[job.type], { log, ownGroup }, run.controller).then((report) => {
      clearTimeout(timer)
      this.#finish(run, report)
    })
  }

  /** The run in hand takes long: another worker may be idle, and somebody may wait for the reports. */
  #notKeepWaiting(): void {
    this.#sendReports()
    this.#giveBack()
  }

  #finish(run: Run, report: RunReport): void {
    const { board, log, prefetchLimit } = this.#options
    this.#current = null
    this.#unacknowledged.set(keyOf(report), report)
    this.#unsent.push(report)
    if (this.#queue.length === 0 || report.durationMs >= SHORT_MS) {
      this.#prefetch = nextPrefetch(this.#prefetch, report.durationMs, prefetchLimit)
      this.#exchange()
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
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#releaseWaiters(), LAST_REPORTS_MS)
  }

  #tellIdle(): void {
    if (this.#current === null && this.#unacknowledged.size === 0 && !this.#isAsking) this.#releaseWaiters()
  }

  #releaseWaiters(): void {
    for (const resolve of this.#idleWaiters.splice(0)) resolve()
  }
}

function ignore(): void {}

function toLease(job: Job): Lease {
  return { job: job.id, attempt: job.attempt }
}

function leaseOf({ job, attempt }: RunReport): Lease {
  return { job, attempt }
}

function keyOf(lease: Lease): string {
  return `${lease.job}:${lease.attempt}`
}

function noteFailure(log: Log, job: Job, report: RunReport): void {
  const { id, type, attempt } = job
  log.warning('job did not succeed', { job: id, type, attempt, reason: report.reason, outcome: report.outcome })
}
