/**
 * A worker process: runs the service and its jobs, says ready, drains when told. It takes its orders over the channel;
 * TERM to it alone means the same as an order to drain. It ends when its master is gone: by the parent-death signal,
 * also when its loop is blocked, and by the end of the channel.
 *
 *   starting → ready → (ending →) draining → exit 0; 1 after what nobody caught; what the service asked for
 */
import { monotonicMs } from '../clock.ts'
import { MydError, messageOf } from '../errors.ts'
import { EXIT_CONFIG } from '../exit-reason.ts'
import { openScoreboard, type Seat } from '../metrics/scoreboard.ts'
import { FD, type FromChild, LOG_LEVELS, type OwnCause, type ToChild, type WorkerHello } from '../protocol.ts'
import type { Log } from '../service/define-service.ts'
import type { Settings } from '../settings/table.ts'
import { adoptSocket, type Channel, openChannel } from '../system/channel.ts'
import { ownDirectory } from '../system/executable.ts'
import { releaseFreeMemory, setParentDeathSignal, setProcessName } from '../system/libc.ts'
import { type Failure, watchFailures } from './failure.ts'
import { Listening } from './listening.ts'
import { MasterSockets } from './master-sockets.ts'
import { createServiceRunner, type ServiceRunner } from './service-runner.ts'
import { holdSignals, type SignalRelay } from './signal-relay.ts'

const SIGKILL = 9
const HEARTBEAT_MS = 1000
/** A worker whose state is in doubt finishes what it can in this time. */
const FAILURE_PATIENCE_MS = 5000
/** A master that does not answer in this time hangs. */
const ORDER_MS = 1000

type Environment = Readonly<Record<string, string | undefined>>
type Exit = (code: number) => void

/** @param environment of this process, for what commands are given @returns the exit code */
export function runWorker(environment: Environment): Promise<number> {
  return new Promise((exit) => {
    let worker: Worker | null = null
    const signals = holdSignals(['SIGTERM', 'SIGINT'], (signal) => {
      if (signal !== 'SIGTERM') return // a Ctrl-C is the master's to act on
      if (worker === null) exit(0)
      else worker.end('terminated', 0)
    })
    const channel = openChannel<FromChild>(adoptSocket(FD.channel), {
      onMessage(raw) {
        const message = raw as unknown as ToChild
        if (message.type === 'hello' && message.role === 'worker') {
          worker = new Worker(message, { channel, signals, environment, exit })
          worker.start()
        } else if (message.type === 'drain' && worker === null) exit(0)
        else worker?.receive(message)
      },
      onClose: () => exit(1), // the master is gone
    })
  })
}

interface Surroundings {
  readonly channel: Channel<FromChild>
  readonly signals: SignalRelay
  readonly environment: Environment
  readonly exit: Exit
}

class Worker {
  readonly #hello: WorkerHello
  readonly #around: Surroundings
  readonly #seat: Seat
  readonly #log: Log
  readonly #sockets: MasterSockets
  readonly #listening: Listening
  readonly #runner: ServiceRunner
  #phase: 'starting' | 'ready' | 'ending' | 'draining' = 'starting'
  /** What it ends with. */
  #exitCode = 0

  constructor(hello: WorkerHello, around: Surroundings) {
    const { channel, signals, environment } = around
    const settings = hello.settings as unknown as Settings
    const own = ownDirectory()
    const { service, serviceSettings, jobTypes, instance, worker, slot } = hello
    this.#hello = hello
    this.#around = around
    this.#seat = openScoreboard(FD.scoreboard, 'write').seat(hello.seat)
    this.#log = createChannelLog(channel)
    this.#sockets = new MasterSockets(channel, FD.handover, (problem) => this.#log.error(problem))
    this.#listening = new Listening(this.#sockets, settings['socket.backlog'])
    this.#runner = createServiceRunner({
      origin: { service, serviceSettings, settings, jobTypes, instance, worker },
      slot,
      jobsSocket: hello.paths.jobsSocket,
      board: this.#seat,
      log: this.#log,
      environment,
      listening: this.#listening,
      onLoaded: () => this.#watchFailures(own),
      tellEnd: () => signals.deliver('SIGTERM'),
      exit: (code) => this.end('failed', code),
    })
  }

  start(): void {
    const settings = this.#hello.settings as unknown as Settings
    const { exit } = this.#around
    setParentDeathSignal(SIGKILL)
    if (process.ppid !== this.#hello.masterPid) return exit(1) // it died before the signal was set
    setProcessName(`${settings.name}:${this.#hello.slot}`)
    process.umask(settings.umask)
    this.#runner.start(new AbortController().signal).then(
      () => this.#becomeReady(),
      (error) => this.#failStart(error),
    )
  }

  /** One that ends already, because it was told to or its service asked for it, goes on with that. */
  #failStart(error: unknown): void {
    const code = this.#reportFailure(error)
    if (this.#phase === 'starting') this.#around.exit(code)
  }

  receive(message: ToChild): void {
    switch (message.type) {
      case 'drain':
        return this.#drain(message.last)
      case 'socket':
      case 'no-socket':
      case 'lend':
      case 'take-back':
      case 'connection':
        return this.#sockets.receive(message, this.#listening)
    }
  }

  #becomeReady(): void {
    if (this.#phase !== 'starting') return
    this.#phase = 'ready'
    this.#seat.beat(monotonicMs())
    setInterval(() => this.#seat.beat(monotonicMs()), HEARTBEAT_MS).unref()
    this.#seat.setState('ready')
    this.#around.channel.send({ type: 'ready' })
    releaseFreeMemory()
  }

  /** Without an order of the master, which is asked for one, so that others accept what comes. */
  end(cause: OwnCause, code: number): void {
    if (this.#phase === 'ending' || this.#phase === 'draining') return
    this.#exitCode = code
    if (this.#phase === 'starting') return this.#drain([])
    this.#phase = 'ending'
    this.#around.channel.send({ type: 'draining', cause })
    setTimeout(() => this.#drain([]), ORDER_MS).unref()
  }

  #drain(last: readonly string[]): void {
    if (this.#phase === 'draining') return
    const { exit } = this.#around
    this.#phase = 'draining'
    this.#seat.setState('draining')
    this.#runner.stop(last).then(
      () => exit(this.#exitCode),
      (error: unknown) => {
        this.#log.error(`its stop failed: ${(error instanceof Error && error.stack) || messageOf(error)}`)
        exit(this.#exitCode || 1)
      },
    )
  }

  /** @param own where our code is; null when it is in the executable */
  #watchFailures(own: string | null): void {
    watchFailures({
      onFailure: (failure) => this.#fail(failure),
      isOurs: (path) => own !== null && path.startsWith(`${own}/`),
    })
  }

  /** What nobody caught: the process cannot be trusted any more. Before it is ready, it has not started. */
  #fail({ message, stack, excerpt }: Failure): void {
    const { channel, exit } = this.#around
    const text = excerpt === null ? message : `${message}\n${excerpt}`
    if (this.#phase === 'starting') {
      channel.send({ type: 'failed', message: text, stack })
      return exit(1)
    }
    this.#log.error(`${text}${stack === null ? '' : `\n${stack}`}`)
    this.#exitCode ||= 1 // also of one that ends already
    setTimeout(() => exit(this.#exitCode), FAILURE_PATIENCE_MS)
    this.end('failed', this.#exitCode)
  }

  /** @returns the exit code */
  #reportFailure(error: unknown): number {
    const cause = error instanceof MydError && error.details.cause instanceof Error ? error.details.cause : error
    const stack = cause instanceof Error && cause.stack !== undefined ? cause.stack : null
    this.#around.channel.send({ type: 'failed', message: messageOf(error), stack })
    return error instanceof MydError && error.exitCode === EXIT_CONFIG ? EXIT_CONFIG : 1
  }
}

function createChannelLog(channel: Channel<FromChild>): Log {
  const levels = LOG_LEVELS.map((level) => [
    level,
    (message: string, fields: Readonly<Record<string, unknown>> = {}) =>
      channel.send({ type: 'log', level, message, fields }),
  ])
  return Object.fromEntries(levels) as unknown as Log
}
