/**
 * A worker process: runs the service and its jobs, says ready, drains when told. It takes its orders over the channel;
 * TERM to it alone means the same as an order to drain. It ends when its master is gone: by the parent-death signal,
 * also when its loop is blocked, and by the end of the channel.
 */
import { monotonicMs } from '../clock.ts'
import { MydError, messageOf } from '../errors.ts'
import { EXIT_CONFIG } from '../exit-reason.ts'
import { openScoreboard, type Seat } from '../metrics/scoreboard.ts'
import { FD, type FromChild, LOG_LEVELS, type WorkerHello } from '../protocol.ts'
import type { Log } from '../service/define-service.ts'
import type { Settings } from '../settings/table.ts'
import { adoptSocket, type Channel, openChannel } from '../system/channel.ts'
import { setParentDeathSignal, setProcessName } from '../system/libc.ts'
import { createServiceRunner } from './service-runner.ts'

const SIGKILL = 9
const HEARTBEAT_MS = 1000

type Environment = Readonly<Record<string, string | undefined>>
type Exit = (code: number) => void

/** @param environment of this process, for what commands are given @returns the exit code */
export function runWorker(environment: Environment): Promise<number> {
  return new Promise((resolve) => {
    let drain: () => void = () => resolve(0)
    const channel = openChannel<FromChild>(adoptSocket(FD.channel), {
      onMessage(message) {
        if (message.type === 'drain') drain()
        if (message.type === 'hello') drain = start(message as unknown as WorkerHello, channel, environment, resolve)
      },
      onClose: () => resolve(1), // the master is gone
    })
    process.on('SIGTERM', () => drain())
    process.on('SIGINT', () => {}) // the master's to act on
  })
}

/** @returns what drains the worker and lets it end */
function start(hello: WorkerHello, channel: Channel<FromChild>, environment: Environment, exit: Exit): () => void {
  const settings = hello.settings as unknown as Settings
  setParentDeathSignal(SIGKILL)
  if (process.ppid !== hello.masterPid) exit(1) // it died before the signal was set
  setProcessName(`${settings.name}:${hello.slot}`)
  process.umask(settings.umask)
  const seat = openScoreboard(FD.scoreboard, 'write').seat(hello.seat)
  const { service, jobTypes, instance, worker } = hello
  const runner = createServiceRunner({
    origin: { service, settings, jobTypes, instance, worker },
    slot: hello.slot,
    jobsSocket: hello.paths.jobsSocket,
    board: seat,
    log: createChannelLog(channel),
    environment,
  })
  const fail = (error: unknown) => exit(reportFailure(error, channel))
  runner.start(new AbortController().signal).then(() => becomeReady(seat, channel), fail)
  return () => {
    seat.setState('draining')
    runner.stop().then(() => exit(0), fail)
  }
}

function becomeReady(seat: Seat, channel: Channel<FromChild>): void {
  seat.beat(monotonicMs())
  setInterval(() => seat.beat(monotonicMs()), HEARTBEAT_MS).unref()
  seat.setState('ready')
  channel.send({ type: 'ready' })
}

/** @returns the exit code */
function reportFailure(error: unknown, channel: Channel<FromChild>): number {
  const cause = error instanceof MydError && error.details.cause instanceof Error ? error.details.cause : error
  const stack = cause instanceof Error && cause.stack !== undefined ? cause.stack : null
  channel.send({ type: 'failed', message: messageOf(error), stack })
  return error instanceof MydError && error.exitCode === EXIT_CONFIG ? EXIT_CONFIG : 1
}

function createChannelLog(channel: Channel<FromChild>): Log {
  const levels = LOG_LEVELS.map((level) => [
    level,
    (message: string, fields: Readonly<Record<string, unknown>> = {}) =>
      channel.send({ type: 'log', level, message, fields }),
  ])
  return Object.fromEntries(levels) as unknown as Log
}
