/**
 * What a worker says to the job store, over connections that come and go. After each connect it names all it holds, so
 * that the store takes back what it does not name; reports are repeated until they are acknowledged.
 */
import { StoreLink, type StoreMessage } from '../job/store-link.ts'
import type { Lease, RunReport } from '../job/wire.ts'
import type { WorkerId } from '../protocol.ts'
import type { Job } from '../service/define-service.ts'
import { ReportOutbox } from './report-outbox.ts'

/** What the store refused for want of disk is asked again after this. */
const ASK_AGAIN_MS = 1000

export interface StoreSessionOptions {
  readonly worker: WorkerId
  readonly socketPath: string
  /** Of the jobs that it runs. */
  readonly types: readonly string[]
}

export interface StoreSessionEvents {
  /** Jobs reserved or being run. */
  held(): Lease[]
  onJobs(jobs: readonly Job[]): void
  /** The run of this job is to be ended; if it has not begun, it shall not. */
  onCancel(job: number): void
  /** The store listens (again), or has acknowledged something. */
  onChange(): void
}

export class StoreSession {
  readonly #options: StoreSessionOptions
  readonly #events: StoreSessionEvents
  readonly #link: StoreLink
  readonly #outbox = new ReportOutbox()
  #isAttached = false
  #isAsking = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: StoreSessionOptions, events: StoreSessionEvents) {
    this.#options = options
    this.#events = events
    this.#link = new StoreLink(options.socketPath, {
      onConnect: () => this.#attach(),
      onDisconnect: () => this.#detach(),
      onEvent: (message) => message.event === 'cancel' && events.onCancel(Number(message.job)),
    })
  }

  open(): void {
    this.#link.open()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#link.close()
  }

  /** Is nothing under way between the two? */
  isQuiet(): boolean {
    return this.#outbox.isEmpty() && !this.#isAsking
  }

  hasUnsent(): boolean {
    return this.#outbox.hasUnsent()
  }

  /** Sends what `say` says in one write. */
  together(say: () => void): void {
    this.#link.cork()
    say()
    this.#link.uncork()
  }

  /** Keeps a report for the next `sendReports`. */
  addReport(report: RunReport): void {
    this.#outbox.add(report)
  }

  sendReports(): void {
    if (!this.#isAttached) return
    for (const reports of this.#outbox.takeUnsent()) {
      this.#link.ask({ op: 'finish', reports }, (answer) => {
        if (answer.ok !== true) return this.#askAgain()
        this.#outbox.acknowledge(reports)
        this.#events.onChange()
      })
    }
  }

  /** Asks for up to n jobs, unless it has already asked. */
  take(n: number): void {
    if (this.#isAsking || !this.#isAttached) return
    this.#isAsking = this.#link.ask({ op: 'take', n }, (answer) => {
      this.#isAsking = false
      if (answer.ok === true) this.#events.onJobs(answer.jobs as Job[])
      else this.#askAgain()
    })
  }

  /**
   * Gives back jobs that were not started. @param stop no more jobs: what was asked for is not wanted any more
   *
   * A store that cannot write this down still believes them ours. Attaching anew, without naming them, gives them back
   * as soon as it can; on a new connection, because a job on its way to us on this one would be given to another too.
   */
  release(leases: readonly Lease[], stop = false): void {
    if (!this.#isAttached || (leases.length === 0 && !stop)) return
    this.#link.ask({ op: 'release', leases, stop }, (answer) => {
      if (answer.ok !== true) this.#link.reset()
    })
  }

  #attach(): void {
    const { worker, types } = this.#options
    const held = [...this.#events.held(), ...this.#outbox.leases()]
    this.#link.ask({ op: 'attach', worker, types, held }, (answer) => {
      if (answer.ok === true) this.#resume(answer)
      else this.#askAgain()
    })
  }

  #resume(answer: StoreMessage): void {
    this.#isAttached = true
    for (const id of [...(answer.drop as number[]), ...(answer.cancel as number[])]) this.#events.onCancel(id)
    this.#outbox.repeat()
    this.sendReports()
    this.#events.onChange()
  }

  #detach(): void {
    this.#isAttached = false
    this.#isAsking = false
    this.#events.onChange()
  }

  #askAgain(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      if (!this.#isAttached) return this.#attach() // asks nobody while there is no connection, which attaches itself
      this.#outbox.repeat()
      this.sendReports()
      this.#events.onChange()
    }, ASK_AGAIN_MS)
  }
}
