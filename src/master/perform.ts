/** Carries out what `decide` wants. Never waits: what comes of an action returns as an event. */
import { assertNever, messageOf } from '../errors.ts'
import type { ChildName } from '../events.ts'
import type { ExitReason } from '../exit-reason.ts'
import type { Log } from '../log/log.ts'
import type { Scoreboard } from '../metrics/scoreboard.ts'
import type { FromChild, StoreHello, WorkerHello } from '../protocol.ts'
import type { LoadedSettings } from '../settings/load.ts'
import { releaseFreeMemory } from '../system/libc.ts'
import type { ListenTable } from '../system/listen-table.ts'
import { type Children, openChildren } from './children.ts'
import { holders } from './departure.ts'
import { HeldSockets } from './held-sockets.ts'
import { lastKeys } from './lending.ts'
import { OrphanSearch } from './orphan-search.ts'
import { type Reloaded, SettingsInForce } from './settings-in-force.ts'
import { type Loan, type MasterAction, type MasterEvent, type MasterState, STORE_SEAT, workerId } from './state.ts'

const LEND_AGAIN_MS = 20

export interface PerformOptions {
  readonly program: string
  readonly instance: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly service: string | null
  readonly debug: boolean
  readonly loaded: LoadedSettings
  readonly board: Scoreboard
  readonly scoreboardFd: number
  readonly jobsSocketFd: number
  readonly table: ListenTable
  readonly log: Log
  readonly reload: (current: LoadedSettings) => Promise<Reloaded>
  readonly post: (event: MasterEvent) => void
  readonly onReady: () => void
  readonly onFinish: (exit: number, reason: string | null) => void
  readonly answer: (id: number, exit: number, message: string) => void
}

export class Performer {
  readonly children: Children
  readonly sockets: HeldSockets
  readonly #options: PerformOptions
  readonly #inForce: SettingsInForce
  readonly #orphans: OrphanSearch

  constructor(options: PerformOptions) {
    this.#options = options
    this.children = openChildren({
      program: options.program,
      instance: options.instance,
      environment: () => ({ ...this.#inForce.current.variables, ...options.environment }),
      directory: () => this.#inForce.current.settings.directory,
      pass: () => this.#inForce.current.settings['environment.pass'],
      scoreboardFd: options.scoreboardFd,
      jobsSocketFd: options.jobsSocketFd,
      emit: options.log.emit,
      onMessage: (seat, message) => this.#receive(seat, message),
      onSpawned: (seat, pid) => {
        options.board.setPid(seat, pid)
        options.post({ type: 'child.spawned', seat, pid })
      },
      onExited: (seat, reason) => this.#exited(seat, reason),
    })
    this.sockets = new HeldSockets({
      table: options.table,
      children: this.children,
      emit: options.log.emit,
      settings: options.loaded.settings,
    })
    this.#inForce = new SettingsInForce({
      loaded: options.loaded,
      reload: options.reload,
      sockets: this.sockets,
      post: options.post,
      onChange: (loaded) => this.#follow(loaded),
    })
    this.#orphans = new OrphanSearch({
      claims: () => this.children.claims(options.board),
      emit: options.log.emit,
      onEnd: (worker, type) => options.post({ type, worker }),
    })
  }

  perform(action: MasterAction, state: MasterState): void {
    const { children } = this
    switch (action.type) {
      case 'spawn':
        return this.#spawn(action, state)
      case 'drain':
        return children.send(action.child.seat, { type: 'drain', last: lastKeys(state, action.child) })
      case 'terminate':
        // Both: one that is just getting ready no longer heeds TERM, one that is not yet does not read its channel.
        children.signal(action.child.seat, 'SIGTERM')
        return children.send(action.child.seat, { type: 'drain', last: [] })
      case 'kill':
        return children.kill(action.child.seat)
      case 'end-commands':
        return this.#orphans.endOf(action.worker)
      case 'tell-store':
        return children.send(STORE_SEAT, { type: 'worker.gone', gone: action.gone })
      case 'lend':
        return this.#lend(action.loan)
      case 'take-back':
        return this.sockets.takeBack(action.loan)
      case 'close-sockets':
        return this.sockets.close(action.keys)
      default:
        return this.#performOwn(action)
    }
  }

  #performOwn(action: OwnAction): void {
    const { log, onReady, onFinish, answer } = this.#options
    switch (action.type) {
      case 'load-settings':
        return this.#inForce.load()
      case 'adopt-settings':
        return this.#inForce.adopt()
      case 'restore-settings':
        return this.#inForce.restore()
      case 'report-ready':
        releaseFreeMemory()
        return onReady()
      case 'reopen-logs':
        return this.#reopenLogs()
      case 'answer':
        return answer(action.id, action.exit, action.message)
      case 'finish':
        return onFinish(action.exit, action.reason)
      case 'emit':
        return log.emit(action.event)
      default:
        return assertNever(action)
    }
  }

  #spawn(action: Extract<MasterAction, { type: 'spawn' }>, state: MasterState): void {
    const { board, instance, debug, service } = this.#options
    const { kind, index, child } = action
    const { settings, serviceSettings, jobTypes, paths } = this.#inForce.current
    const common = { type: 'hello', masterPid: process.pid, instance, settings, jobTypes, paths, debug } as const
    const worker = kind === 'worker' ? workerId(state, index, child) : null
    const { seat, generation, startedAt } = child
    const hello: WorkerHello | StoreHello =
      worker === null
        ? { ...common, seat, role: 'store', holders: holders(state) }
        : { ...common, seat, role: 'worker', slot: index, generation, worker, service, serviceSettings }
    board.enter(seat, { pid: 0, generation, slot: index, startedAt })
    this.children.spawn({ kind, index, child, hello, worker })
  }

  /** Tried again a little later, when the borrower has taken what lies there, or has ended. */
  #lend(loan: Loan): void {
    if (this.sockets.lend(loan)) return
    setTimeout(() => this.#options.post({ type: 'loan.failed', loan }), LEND_AGAIN_MS).unref()
  }

  #receive(seat: number, message: FromChild): void {
    const { post, log } = this.#options
    switch (message.type) {
      case 'ready':
        return post({ type: 'child.ready', seat })
      case 'draining':
        return post({ type: 'child.draining', seat, cause: message.cause })
      case 'listen': {
        const { socket, isGiven } = this.sockets.give(seat, message.request, message.query)
        if (socket === null) return
        return post(isGiven ? { type: 'child.listening', seat, socket } : { type: 'sockets.bound', sockets: [socket] })
      }
      case 'unlisten':
        return post({ type: 'child.unlisten', seat, key: message.key })
      case 'failed': {
        const child = this.#nameSeat(seat)
        const { message: text, stack } = message
        log.emit({ type: 'child.unable', child, message: text, stack })
        return post({ type: 'child.unable', seat, message: `${child.kind} ${child.slot}: ${text}` })
      }
      case 'log': {
        const { level, message: text, fields } = message
        return log.emit({ type: 'child.log', child: this.#nameSeat(seat), level, message: text, fields })
      }
    }
  }

  #nameSeat(seat: number): ChildName {
    const pid = this.children.pidOf(seat)
    return seat === STORE_SEAT ? { kind: 'store', slot: 0, pid } : { kind: 'worker', slot: seat >> 1, pid }
  }

  #exited(seat: number, reason: ExitReason): void {
    const { board, post } = this.#options
    const inHand = board.read(seat).inHand.map((entry) => entry.jobId)
    board.leave(seat)
    post({ type: 'child.exited', seat, reason, inHand })
  }

  /** What was read is what children get from now on. */
  #follow({ settings, jobTypes }: LoadedSettings): void {
    const { log, debug } = this.#options
    log.setLevel(debug ? 'debug' : settings['log.level'])
    this.children.send(STORE_SEAT, { type: 'settings', settings, jobTypes })
  }

  /** A log that cannot be opened again stays the one it was, and says so. */
  #reopenLogs(): void {
    const { log } = this.#options
    try {
      log.reopen()
      log.emit({ type: 'log.reopened' })
    } catch (error) {
      log.emit({ type: 'log.reopen-failed', reason: messageOf(error) })
    }
  }
}

type ChildAction = Extract<
  MasterAction,
  {
    type:
      | 'spawn'
      | 'drain'
      | 'terminate'
      | 'kill'
      | 'end-commands'
      | 'tell-store'
      | 'lend'
      | 'take-back'
      | 'close-sockets'
  }
>
type OwnAction = Exclude<MasterAction, ChildAction>
