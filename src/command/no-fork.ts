/**
 * `--nofork`: master, store and one worker in a single process. There is no respawn and nobody to scale; pidfile,
 * control socket, log, jobs and the graceful stop are the same.
 */
import { closeSync, rmSync } from 'node:fs'
import type { ControlAnswer, ControlCommand } from '../admin/control.ts'
import { createControlServer } from '../admin/control-server.ts'
import { monotonicMs } from '../clock.ts'
import { type Component, startAll, stopAll } from '../component.ts'
import { createStoreServer } from '../job/store-server.ts'
import { wordStoreEvent } from '../job/word-store-event.ts'
import { type Log, openLog } from '../log/log.ts'
import { endLeftovers, readOldCommands } from '../master/leftovers.ts'
import type { Master, MasterOptions, Outcome } from '../master/master-options.ts'
import type { MasterEvent } from '../master/state.ts'
import { createScoreboard, type Scoreboard } from '../metrics/scoreboard.ts'
import { INSTANCE_VARIABLE, LOG_LEVELS, type LogLevel } from '../protocol.ts'
import type { Log as ServiceLog } from '../service/define-service.ts'
import { createServiceRunner } from '../worker/service-runner.ts'
import { describeNoFork } from './no-fork-status.ts'

const SEAT = 0
/** The only worker there is; unique among the runs of an instance by its pid. */
const workerId = () => `nofork-${process.pid}`
const CHILD = { kind: 'worker', slot: 0, pid: process.pid } as const
const EXIT_USAGE = 64

/** @throws what a part says that cannot start; then nothing is left */
export async function runNoFork(options: MasterOptions): Promise<Master> {
  const { paths, settings } = options.loaded
  const log = openLog(paths.log, options.launch.debug ? 'debug' : settings['log.level'], options.echo)
  log.emit({ type: 'daemon.starting', version: options.build.version, build: options.build.buildId, proc: 1 })
  await endLeftovers(`${INSTANCE_VARIABLE}=${options.instance}`, readOldCommands(paths.scoreboard))
  const daemon = new NoFork(options, log)
  await daemon.start()
  return daemon
}

class NoFork implements Master {
  readonly done: Promise<Outcome>
  readonly #options: MasterOptions
  readonly #log: Log
  readonly #components: readonly Component[]
  readonly #scoreboardFd: number
  readonly #startedAt = monotonicMs()
  readonly #stopping = new AbortController()
  #settle: (outcome: Outcome) => void = () => {}
  #state = 'starting'

  constructor(options: MasterOptions, log: Log) {
    const { paths } = options.loaded
    this.#options = options
    this.#log = log
    this.done = new Promise((resolve) => {
      this.#settle = resolve
    })
    const { fd, board } = createScoreboard(paths.scoreboard, process.pid)
    this.#scoreboardFd = fd
    const control = createControlServer(paths.controlSocket, (command, answer) => answer(this.#answer(command, board)))
    this.#components = [this.#createStore(), this.#createWorker(board), control]
  }

  async start(): Promise<void> {
    const { signals } = this.#options
    const onChild = () => {} // Node reaps its own, and orphans go to init
    signals.deliver((signal) => this.post({ type: 'signal', signal, terminal: signals.hasTerminal }), onChild)
    try {
      await startAll(this.#components, this.#stopping.signal)
    } catch (error) {
      this.#tidy()
      throw error
    }
    this.#state = 'running'
    this.#log.emit({ type: 'daemon.ready', tookMs: monotonicMs() - this.#startedAt, proc: 1 })
    this.#options.onReady()
  }

  post(event: MasterEvent): void {
    if (event.type === 'launcher.gone')
      void this.#stop({ exit: 1, reason: 'the launcher is gone' }, 'the launcher is gone')
    if (event.type !== 'signal') return
    const { signal, terminal } = event
    this.#log.emit({ type: 'signal.received', signal })
    if (signal === 'SIGUSR1') this.#log.reopen()
    else if (['SIGTERM', 'SIGINT', 'SIGQUIT'].includes(signal) || terminal) {
      void this.#stop({ exit: 0, reason: null }, signal)
    } else this.#log.emit({ type: 'signal.ignored', signal, reason: 'a single process (--nofork) has no workers' })
  }

  async #stop(outcome: Outcome, cause: string): Promise<void> {
    if (this.#state === 'draining') return
    this.#state = 'draining'
    this.#stopping.abort()
    this.#log.emit({ type: 'daemon.stopping', cause })
    this.#options.onStopping()
    await stopAll(this.#components)
    this.#log.emit({ type: 'daemon.stopped', exit: outcome.exit })
    this.#tidy()
    this.#settle(outcome)
  }

  #tidy(): void {
    rmSync(this.#options.loaded.paths.scoreboard, { force: true })
    closeSync(this.#scoreboardFd)
    this.#log.close()
  }

  #answer(command: ControlCommand, board: Scoreboard): ControlAnswer {
    if (command.command === 'stop') {
      void this.#stop({ exit: 0, reason: null }, 'stop')
      return { exit: 0, message: 'stopping' }
    }
    if (command.command !== 'status') {
      return { exit: EXIT_USAGE, message: `a single process (--nofork) has no workers to ${command.command}` }
    }
    const { loaded, build } = this.#options
    const facts = { name: loaded.settings.name, build, state: this.#state, startedAt: this.#startedAt }
    return { exit: 0, message: 'running', status: describeNoFork(facts, board.read(SEAT)) }
  }

  #createStore(): Component {
    const { paths, settings, jobTypes } = this.#options.loaded
    return createStoreServer({
      ...{ paths, settings, jobTypes, holders: [] },
      listen: { path: paths.jobsSocket },
      onEvent: (event) => {
        const { level, message } = wordStoreEvent(event)
        this.#log.emit({ type: 'child.log', child: { ...CHILD, kind: 'store' }, level, message, fields: {} })
      },
    })
  }

  #createWorker(board: Scoreboard): Component {
    const { launch, loaded, instance, environment } = this.#options
    const { settings, jobTypes, paths } = loaded
    return createServiceRunner({
      origin: { service: launch.service, settings, jobTypes, instance, worker: workerId() },
      slot: 0,
      jobsSocket: paths.jobsSocket,
      board: board.seat(SEAT),
      log: this.#serviceLog(),
      environment,
    })
  }

  #serviceLog(): ServiceLog {
    const say =
      (level: LogLevel) =>
      (message: string, fields: Readonly<Record<string, unknown>> = {}) =>
        this.#log.emit({ type: 'child.log', child: CHILD, level, message, fields })
    return Object.fromEntries(LOG_LEVELS.map((level) => [level, say(level)])) as unknown as ServiceLog
  }
}
