/**
 * The outside of the master, for tests of `decide`: a clock of its own, children that only exist as records, control
 * clients. A spawn is reported at once; all else happens when a test says so. Every step is checked (`checkStep`).
 */
import assert from 'node:assert/strict'
import type { ExitReason } from '../../src/exit-reason.ts'
import type { Policy } from '../../src/master/backoff.ts'
import { decide } from '../../src/master/decide.ts'
import {
  type ControlRequest,
  initialState,
  type MasterAction,
  type MasterEvent,
  type MasterState,
  nextDeadline,
  STORE_SEAT,
} from '../../src/master/state.ts'
import { checkStep } from './check-step.ts'
import { type Answer, code, killedBy, type Living, POLICY } from './supervision.ts'

export class SimulatedDaemon {
  state: MasterState
  now = 1_000_000
  /** Everything that was wanted since the beginning, or since `take`. */
  actions: MasterAction[] = []
  /** By seat. */
  readonly living = new Map<number, Living>()
  /** Dead workers whose commands have not been ended. */
  readonly pendingCommands: string[] = []
  /** How many times settings are being read. */
  pendingLoads = 0
  readonly requests: number[] = []
  readonly answers = new Map<number, Answer>()
  /** Who accepts on the socket of another slot: `key slot` → seat. */
  readonly lent = new Map<string, number>()
  finished: Extract<MasterAction, { type: 'finish' }> | null = null
  #nextPid = 100

  constructor(options: { proc: number; policy?: Partial<Policy> }) {
    const { proc } = options
    const policy = { ...POLICY, ...options.policy }
    this.state = initialState({ policy, proc, run: 'run', now: this.now })
    this.send({ type: 'begin' })
  }

  /** A daemon that has started: store and workers are ready, and have been for a minute. */
  static running(proc: number, policy: Partial<Policy> = {}): SimulatedDaemon {
    const daemon = new SimulatedDaemon({ proc, policy })
    daemon.readyAll()
    daemon.advance(60_000)
    daemon.take()
    return daemon
  }

  /** @returns what the step wanted, without what followed from it */
  send(event: MasterEvent): readonly MasterAction[] {
    const before = this.state
    const step = decide(before, event, this.now)
    checkStep(before, event, step, this.now)
    this.state = step.state
    this.actions.push(...step.actions)
    for (const action of step.actions) this.#note(action)
    for (const action of step.actions) if (action.type === 'spawn') this.#reportSpawn(action.child.seat)
    return step.actions
  }

  #note(action: MasterAction): void {
    switch (action.type) {
      case 'spawn': {
        const { kind, index, child } = action
        assert.ok(!this.living.has(child.seat), `seat ${child.seat} is taken`)
        this.living.set(child.seat, { kind, index, child, isReady: false, order: null })
        return
      }
      case 'drain':
      case 'terminate':
      case 'kill':
        this.at(action.child.seat).order = action.type
        return
      case 'end-commands':
        this.pendingCommands.push(action.worker)
        return
      case 'lend':
        assert.ok(this.living.has(action.loan.borrower.seat), 'lent to nobody')
        this.lent.set(`${action.loan.key} ${action.loan.slot}`, action.loan.borrower.seat)
        return
      case 'take-back':
        if (this.lent.get(`${action.loan.key} ${action.loan.slot}`) === action.loan.borrower.seat) {
          this.lent.delete(`${action.loan.key} ${action.loan.slot}`)
        }
        return
      case 'load-settings':
        this.pendingLoads += 1
        return
      case 'answer':
        assert.ok(this.requests.includes(action.id), `nobody asked ${action.id}`)
        assert.ok(!this.answers.has(action.id), `request ${action.id} is answered twice`)
        this.answers.set(action.id, { exit: action.exit, message: action.message })
        return
      case 'finish':
        assert.equal(this.finished, null, 'finished twice')
        this.finished = action
    }
  }

  #reportSpawn(seat: number): void {
    this.send({ type: 'child.spawned', seat, pid: this.#nextPid++ })
  }

  at(seat: number): Living {
    const living = this.living.get(seat)
    assert.ok(living, `nobody sits at ${seat}`)
    return living
  }

  /** What was wanted since the last call. */
  take(): MasterAction[] {
    const { actions } = this
    this.actions = []
    return actions
  }

  ready(seat: number): readonly MasterAction[] {
    this.at(seat).isReady = true
    return this.send({ type: 'child.ready', seat })
  }

  /** A worker gets the socket of its slot, or with `shared` one for all. */
  listen(seat: number, key: string, shared = false): readonly MasterAction[] {
    return this.send({ type: 'child.listening', seat, socket: { key, slot: shared ? null : seat >> 1 } })
  }

  readyAll(): void {
    for (const [seat, { isReady, order }] of [...this.living]) if (!isReady && order === null) this.ready(seat)
  }

  exit(seat: number, reason: ExitReason, inHand: readonly number[] = []): readonly MasterAction[] {
    this.at(seat)
    this.living.delete(seat)
    return this.send({ type: 'child.exited', seat, reason, inHand })
  }

  /** Those who were told to end do so. */
  exitOrdered(): void {
    for (const [seat, { order }] of [...this.living]) {
      if (order === 'kill') this.exit(seat, killedBy('SIGKILL'))
      else if (order !== null) this.exit(seat, code(0))
    }
  }

  endCommands(): void {
    for (const worker of this.pendingCommands.splice(0)) this.send({ type: 'commands.ended', worker })
  }

  signal(signal: string, terminal = false): readonly MasterAction[] {
    return this.send({ type: 'signal', signal, terminal })
  }

  /** @returns what finds the answer */
  request(request: ControlRequest): number {
    const id = this.requests.length + 1
    this.requests.push(id)
    this.send({ type: 'request', id, request })
    return id
  }

  /** The settings were read and are good. */
  loadSettings(proc: number | null = null, policy: Policy = this.state.policy): void {
    this.pendingLoads -= 1
    this.send({ type: 'settings.loaded', policy, proc })
  }

  rejectSettings(reason: string): void {
    this.pendingLoads -= 1
    this.send({ type: 'settings.rejected', reason, exit: 78 })
  }

  /** Lets time pass; each deadline comes when it is due. */
  advance(ms: number): void {
    const end = this.now + ms
    let atOnce = 0
    for (;;) {
      const due = this.state.phase.name === 'stopped' ? null : nextDeadline(this.state)
      if (due === null || due > end) break
      atOnce = due > this.now ? 0 : atOnce + 1
      assert.ok(atOnce < 10, 'a deadline comes again and again without time passing')
      this.now = Math.max(this.now, due)
      this.send({ type: 'deadline' })
    }
    this.now = end
  }

  /** Everybody does what is expected, until nothing is left to do but to wait for a time. */
  playAlong(): void {
    for (let rounds = 0; rounds < 1000; rounds++) {
      const busy = [...this.living.values()].some(({ isReady, order }) => !isReady || order !== null)
      if (!busy && this.pendingCommands.length === 0 && this.pendingLoads === 0) return
      this.readyAll()
      this.exitOrdered()
      this.endCommands()
      if (this.pendingLoads > 0) this.loadSettings()
    }
    assert.fail('it never becomes quiet')
  }

  workerSeats(): number[] {
    return [...this.living.keys()].filter((seat) => seat !== STORE_SEAT).sort((a, b) => a - b)
  }

  /** Names of the states of the places, and of who is beside: `ready`, `ready+starting`. */
  places(): string[] {
    return this.state.places.map(({ current, beside }) =>
      beside === null ? current.state.name : `${current.state.name}+${beside.slot.state.name}`,
    )
  }
}
