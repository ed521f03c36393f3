/**
 * `--nofork`: master, store and one worker in a single process. There is no respawn and nobody to scale; pidfile,
 * control socket, log, jobs and the graceful stop are the same.
 *
 *   starting → running → draining → stopped
 *
 * It ends once, whoever comes first: the drain, its limit (stopTimeout), or an order to end at once. Whatever still
 * hangs then is left behind in a process that exits. What throws in a stop is told, and does not keep the rest.
 */
import type { ControlAnswer, ControlCommand } from '../admin/control.ts'
import { monotonicMs } from '../clock.ts'
import { startAll, stopAll } from '../component.ts'
import { asExpected, ERRORS, MydError, messageOf } from '../errors.ts'
import type { Emit } from '../events.ts'
import { type Log, openLog } from '../log/log.ts'
import { endAllLeftovers } from '../master/master.ts'
import type { Master, MasterOptions, Outcome } from '../master/master-options.ts'
import type { MasterEvent } from '../master/state.ts'
import { type Failure, watchFailures } from '../worker/failure.ts'
import { endCommands, openParts, type Parts, WORKER } from './no-fork-parts.ts'
import { describeNoFork } from './no-fork-status.ts'

const EXIT_USAGE = 64
/** A start that is given up may take this long to notice. */
const ABANDON_START_MS = 1000

/** @throws MydError or an error of the system when it cannot begin; then nothing is left behind */
export async function runNoFork(options: MasterOptions): Promise<Master> {
  const { paths, settings } = options.loaded
  const log = openLog(paths.log, options.launch.debug ? 'debug' : settings['log.level'], options.echo)
  try {
    log.emit({ type: 'daemon.starting', version: options.build.version, build: options.build.buildId, proc: 1 })
    await endAllLeftovers(options.instance, paths.scoreboard, log)
    const daemon = new NoFork(options, log)
    daemon.begin()
    return daemon
  } catch (error) {
    log.emit({ type: 'daemon.failed', reason: messageOf(error), exit: 1 })
    log.close()
    throw error
  }
}

class NoFork implements Master {
  readonly done: Promise<Outcome>
  readonly #options: MasterOptions
  readonly #log: Log
  readonly #parts: Parts
  readonly #startedAt = monotonicMs()
  readonly #stopping = new AbortController()
  readonly #ended = Promise.withResolvers<Outcome>()
  #phase: 'starting' | 'running' | 'draining' | 'stopped' = 'starting'
  #start: Promise<void> = Promise.resolve()
  #outcome: Outcome = { exit: 0, reason: null }
  #limit: NodeJS.Timeout | undefined

  constructor(options: MasterOptions, log: Log) {
    this.#options = options
    this.#log = log
    this.done = this.#ended.promise
    const exit = (code: number) => this.#stop('the service wants to end', code)
    this.#parts = openParts(options, this.#emit, (command, answer) => answer(this.#answer(command)), exit)
  }

  begin(): void {
    const { signals } = this.#options
    watchFailures({ onFailure: (failure) => this.#fail(failure) })
    const onChild = () => {} // Node reaps its own, and orphans go to init
    this.#start = startAll(this.#parts.all, this.#stopping.signal).then(
      () => this.#becomeReady(),
      (error) => this.#failStart(error),
    )
    signals.deliver((signal) => this.post({ type: 'signal', signal, terminal: signals.hasTerminal }), onChild)
  }

  post(event: MasterEvent): void {
    if (event.type === 'launcher.gone') this.#stop('the launcher is gone', 1)
    if (event.type === 'signal') this.#receive(event.signal, event.terminal)
  }

  #receive(signal: string, terminal: boolean): void {
    const isOrder = signal === 'SIGTERM' || signal === 'SIGINT'
    const isDraining = this.#phase === 'draining'
    this.#emit({ type: 'signal.received', signal })
    if (signal === 'SIGQUIT' || (isOrder && isDraining)) return this.#quit()
    if (isDraining) return this.#emit({ type: 'signal.ignored', signal, reason: 'stopping' })
    if (isOrder) return this.#stop(signal)
    if (signal === 'SIGHUP' && terminal) return this.#stop('the terminal is gone')
    if (signal === 'SIGUSR1') return this.#reopenLog()
    this.#emit({ type: 'signal.ignored', signal, reason: 'a single process (--nofork) has no workers' })
  }

  /** Begins the graceful stop; a second call changes nothing. */
  #stop(cause: string, exit = 0): void {
    if (this.#phase === 'draining' || this.#phase === 'stopped') return
    const isStarting = this.#phase === 'starting'
    this.#phase = 'draining'
    this.#outcome = isStarting ? { exit: 1, reason: `stopped during the start: ${cause}` } : { exit, reason: null }
    this.#emit({ type: 'daemon.stopping', cause })
    this.#options.onStopping()
    this.#stopping.abort()
    const limitMs = isStarting ? ABANDON_START_MS : this.#options.loaded.settings.stopTimeout
    this.#limit = setTimeout(() => this.#quit(), limitMs)
    this.#settle(this.#drain())
  }

  async #drain(): Promise<void> {
    try {
      await stopAll(this.#parts.all)
      await this.#start
    } catch (error) {
      const message = `the stop failed: ${messageOf(error)}` // of a service: its author's to mend; everything else is stopped
      this.#emit({ type: 'child.log', child: WORKER, level: 'error', message, fields: {} })
    }
  }

  /** At once: nobody is asked any more. */
  #quit(): void {
    this.#stop('at once')
    this.#settle(this.#abandon())
  }

  /** The store goes before the commands: that they are killed is no result of theirs, and their jobs run again. */
  async #abandon(): Promise<void> {
    void Promise.allSettled([this.#parts.worker.stop()]) // takes no more jobs from now on; how it goes on does not matter
    await Promise.allSettled([this.#parts.store.stop()])
  }

  /** @param ending after it there is nothing to wait for */
  #settle(ending: Promise<void>): void {
    const finished = ending.then(() => endCommands(this.#options, this.#parts, this.#emit)).then(() => this.#finish())
    finished.catch((error) => this.#ended.reject(error))
  }

  #finish(): void {
    if (this.#phase === 'stopped') return
    this.#emit({ type: 'daemon.stopped', exit: this.#outcome.exit })
    this.#release()
    this.#ended.resolve(this.#outcome)
  }

  /** Nothing is left but the process; what a service still says is not heard any more. */
  #release(): void {
    this.#phase = 'stopped'
    clearTimeout(this.#limit)
    this.#parts.release()
    this.#log.close()
  }

  #becomeReady(): void {
    if (this.#phase !== 'starting') return
    this.#phase = 'running'
    this.#emit({ type: 'daemon.ready', tookMs: monotonicMs() - this.#startedAt, proc: 1 })
    this.#options.onReady()
  }

  /** What was started is stopped already. */
  #failStart(error: unknown): void {
    if (this.#phase !== 'starting') return // it was given up
    const expected = asExpected(error)
    const exit = expected instanceof MydError ? expected.exitCode : ERRORS.BUG.exit
    this.#emit({ type: 'daemon.failed', reason: messageOf(error), exit })
    this.#release()
    if (expected instanceof MydError) this.#ended.resolve({ exit, reason: expected.message })
    else this.#ended.reject(error)
  }

  /** What nobody caught. */
  #fail({ message, stack, excerpt }: Failure): void {
    const text = [message, excerpt, stack].filter((part) => part !== null).join('\n')
    this.#emit({ type: 'child.log', child: WORKER, level: 'error', message: text, fields: {} })
    if (this.#phase === 'starting') this.#failStart(new MydError('START_FAILED', message))
    else this.#stop('what nobody caught', 1)
  }

  /** As in the master: a log that cannot be opened again stays the one it was, and says so. */
  #reopenLog(): void {
    try {
      this.#log.reopen()
      this.#emit({ type: 'log.reopened' })
    } catch (error) {
      this.#emit({ type: 'log.reopen-failed', reason: messageOf(error) })
    }
  }

  #answer(command: ControlCommand): ControlAnswer {
    if (command.command === 'stop') {
      this.#stop('stop')
      return { exit: 0, message: 'stopping' }
    }
    if (command.command !== 'status') {
      return { exit: EXIT_USAGE, message: `a single process (--nofork) has no workers to ${command.command}` }
    }
    const { loaded, build } = this.#options
    const facts = {
      name: loaded.settings.name,
      build,
      state: this.#phase,
      startedAt: this.#startedAt,
      listen: this.#parts.listen(),
    }
    return { exit: 0, message: 'running', status: describeNoFork(facts, this.#parts.record()) }
  }

  /** The parts may live longer than the log. */
  readonly #emit: Emit = (event) => {
    if (this.#phase !== 'stopped') this.#log.emit(event)
  }
}
