/**
 * The master's loop: whatever happens becomes an event on one queue; `decide` answers with a new state and actions;
 * `perform` carries those out. One timer is set to the nearest deadline.
 */
import type { ControlAnswer, ControlCommand } from '../admin/control.ts'
import { monotonicMs, wallMs } from '../clock.ts'
import type { Log } from '../log/log.ts'
import type { Scoreboard } from '../metrics/scoreboard.ts'
import type { ListenQuery } from '../protocol.ts'
import type { ListenTable } from '../system/listen-table.ts'
import { decide } from './decide.ts'
import type { MasterOptions, Outcome } from './master-options.ts'
import { Performer } from './perform.ts'
import { policyOf } from './policy.ts'
import { findPulses, isOverslept, PULSE_MS } from './pulse.ts'
import { initialState, type MasterEvent, type MasterState, nextDeadline } from './state.ts'
import { describeStatus } from './status.ts'

export class Loop {
  readonly done: Promise<Outcome>
  readonly #options: MasterOptions
  readonly #board: Scoreboard
  readonly #performer: Performer
  readonly #queue: MasterEvent[] = []
  readonly #waiting = new Map<number, (answer: ControlAnswer) => void>()
  readonly #startedAt = monotonicMs()
  #state: MasterState
  #busy = false
  #timer: NodeJS.Timeout | null = null
  #nextRequest = 1
  #pulse: NodeJS.Timeout | null = null
  #finish: (outcome: Outcome) => void = () => {}

  constructor(
    options: MasterOptions,
    log: Log,
    board: Scoreboard,
    held: { scoreboardFd: number; jobsSocketFd: number; table: ListenTable },
  ) {
    this.#options = options
    this.#board = board
    const { loaded, launch, program, instance, environment } = options
    const run = `${wallMs().toString(36)}.${process.pid}`
    const { proc } = loaded.settings
    this.#state = initialState({ policy: policyOf(loaded.settings), proc, run, now: this.#startedAt })
    this.done = new Promise((resolve) => {
      this.#finish = resolve
    })
    this.#performer = new Performer({
      ...held,
      ...{ program, instance, environment, loaded, board, log },
      service: launch.service,
      debug: launch.debug,
      reload: options.reload,
      post: (event) => this.post(event),
      onReady: options.onReady,
      onFinish: (exit, reason) => this.#end({ exit, reason }),
      answer: (id, exit, message) => this.#answer(id, { exit, message }),
    })
  }

  /** Binds addresses before there is a worker. @throws SystemCallError */
  listen(queries: readonly ListenQuery[]): void {
    this.post({ type: 'sockets.bound', sockets: this.#performer.sockets.prepare(queries) })
  }

  post(event: MasterEvent): void {
    this.#queue.push(event)
    if (this.#busy) return
    this.#busy = true
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#step(next)
    this.#busy = false
    this.#setTimer()
    if (this.#pulse === null && this.#state.sockets.length > 0) this.#pulse = this.#takePulses()
  }

  /** Workers that accept connections are watched closely: what waits in the queue of one that hangs goes to others. */
  #takePulses(): NodeJS.Timeout {
    let before = monotonicMs()
    return setInterval(() => {
      const now = monotonicMs()
      const events = isOverslept(before, now)
        ? []
        : findPulses(this.#state, (seat) => this.#board.heartbeatOf(seat), now)
      before = now
      for (const event of events) this.post(event)
    }, PULSE_MS)
  }

  #step(event: MasterEvent): void {
    const before = this.#state.phase.name
    const { state, actions } = decide(this.#state, event, monotonicMs())
    this.#state = state
    if (before !== 'draining' && state.phase.name === 'draining') this.#options.onStopping()
    this.#board.setWanted(state.proc)
    for (const action of actions) this.#performer.perform(action, state)
    this.#performer.sockets.follow(state)
    if (state.phase.name === 'draining') this.#performer.sockets.closeAll()
  }

  #setTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    const due = this.#state.phase.name === 'stopped' ? null : nextDeadline(this.#state)
    if (due === null) {
      this.#timer = null
      return
    }
    this.#timer = setTimeout(() => this.post({ type: 'deadline' }), Math.max(1, due - monotonicMs()))
  }

  control(command: ControlCommand, answer: (answer: ControlAnswer) => void): void {
    if (command.command === 'status') {
      const identity = {
        name: this.#options.loaded.settings.name,
        build: this.#options.build,
        startedAt: this.#startedAt,
        listen: this.#performer.sockets.addresses(),
      }
      answer({ exit: 0, message: 'running', status: describeStatus(this.#state, this.#board, identity) })
      return
    }
    if (command.command === 'stop') {
      const isGoingDown = this.#state.phase.name === 'draining' || this.#state.phase.name === 'stopped'
      if (!isGoingDown) this.post({ type: 'signal', signal: 'SIGTERM', terminal: false }) // a second one would hurry
      answer({ exit: 0, message: 'stopping' })
      return
    }
    const id = this.#nextRequest++
    this.#waiting.set(id, answer)
    const request =
      command.command === 'reload' ? ({ type: 'reload' } as const) : ({ type: 'scale', proc: command.proc } as const)
    this.post({ type: 'request', id, request })
  }

  #answer(id: number, answer: ControlAnswer): void {
    this.#waiting.get(id)?.(answer)
    this.#waiting.delete(id)
  }

  #end(outcome: Outcome): void {
    if (this.#pulse !== null) clearInterval(this.#pulse)
    for (const id of [...this.#waiting.keys()]) this.#answer(id, { exit: 1, message: 'the daemon has stopped' })
    this.#finish(outcome)
  }
}
