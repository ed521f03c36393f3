/**
 * The store as a child of the master: takes its orders over the channel, ends when the master is gone or says so.
 * There is nothing to drain: what was answered is on the disk. TERM ends it only until it is ready: the workers may be
 * told to end by the same hand, and it is stopped after them.
 */
import { monotonicMs } from '../clock.ts'
import { MydError, messageOf } from '../errors.ts'
import { openScoreboard } from '../metrics/scoreboard.ts'
import { FD, type FromChild, type GoneWorker, type JobType, type StoreHello, type ToChild } from '../protocol.ts'
import { adoptSocket, type Channel, openChannel } from '../system/channel.ts'
import { releaseFreeMemory, setParentDeathSignal, setProcessName } from '../system/libc.ts'
import { createStoreServer, type StoreServer } from './store-server.ts'
import { wordStoreEvent } from './word-store-event.ts'

const SIGKILL = 9
const HEARTBEAT_MS = 1000

/** @returns the exit code */
export function runStore(): Promise<number> {
  return new Promise((resolve) => {
    let server: StoreServer | null = null
    const stop = () => void server?.stop().then(() => resolve(0))
    let endByTerm = stop
    const channel = openChannel<FromChild>(adoptSocket(FD.channel), {
      onMessage(raw) {
        const message = raw as unknown as ToChild
        if (message.type === 'drain') stop()
        else if (message.type === 'worker.gone') server?.workerGone(message.gone satisfies GoneWorker)
        else if (message.type === 'settings') server?.configure(message.settings, message.jobTypes)
        else if (message.type === 'hello' && message.role === 'store') {
          server = openServer(message, channel)
          void start(server, message, channel, resolve).then(() => {
            endByTerm = () => {} // whoever sends it to all of us: workers have results to tell yet
          })
        }
      },
      onClose: () => resolve(1), // the master is gone
    })
    process.on('SIGTERM', () => endByTerm())
    process.on('SIGINT', () => {})
  })
}

function openServer(hello: StoreHello, channel: Channel<FromChild>): StoreServer {
  return createStoreServer({
    paths: hello.paths,
    settings: hello.settings,
    jobTypes: hello.jobTypes satisfies Readonly<Record<string, JobType>>,
    holders: hello.holders,
    listen: { fd: FD.jobsSocket },
    onEvent: (event) => channel.send({ type: 'log', fields: {}, ...wordStoreEvent(event) }),
  })
}

async function start(
  server: StoreServer,
  hello: StoreHello,
  channel: Channel<FromChild>,
  exit: (code: number) => void,
): Promise<void> {
  setParentDeathSignal(SIGKILL)
  if (process.ppid !== hello.masterPid) return exit(1) // it died before the signal was set
  setProcessName(`${String(hello.settings.name)}:store`)
  process.umask(Number(hello.settings.umask))
  const seat = openScoreboard(FD.scoreboard, 'write').seat(hello.seat)
  try {
    await server.start(new AbortController().signal)
  } catch (error) {
    channel.send({ type: 'failed', message: messageOf(error), stack: null })
    if (!(error instanceof MydError)) throw error
    return exit(error.exitCode)
  }
  setInterval(() => seat.beat(monotonicMs()), HEARTBEAT_MS).unref()
  seat.setState('ready')
  channel.send({ type: 'ready' })
  releaseFreeMemory()
}
