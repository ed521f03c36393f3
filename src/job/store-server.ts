/**
 * The store process: the one that has the job database open, and serves workers and the command line on the jobs
 * socket. Requests are batched by `turn.ts`, run by `store.ts`; here are the connections and who is behind them.
 *
 * What happens on failure
 * - Killed: what was answered is on the disk. The next store takes back the leases of workers that are gone; those
 *   that live reconnect, say what they hold and repeat results that were not acknowledged.
 * - A worker is gone: its socket may still hold results. They are read first, to its end; only then its leases go back.
 * - A client sends nonsense, or does not read: it gets an error or is dropped, and nobody else notices.
 */
import { closeSync, unlinkSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import type { Component } from '../component.ts'
import { errnoOf, MydError } from '../errors.ts'
import type { GoneWorker, InstancePaths, JobType, WorkerId } from '../protocol.ts'
import { acceptClient, type Clients } from './accept-client.ts'
import type { Connection } from './connection.ts'
import { type JobConfig, readJobConfig } from './job-config.ts'
import { waitForJobsLock } from './jobs-lock.ts'
import { openStore, type Store } from './store.ts'
import { TurnLoop } from './turn.ts'
import { WorkerTable } from './worker-table.ts'

/** A store that is being replaced gets this long to let go of the database. */
const LOCK_TIMEOUT_MS = 10_000
/** A client that does not close its end is not waited for. */
const CLOSE_TIMEOUT_MS = 500
/** Clients that may wait to be accepted. */
const BACKLOG = 4096

export type StoreEvent =
  | { readonly type: 'store.disk'; readonly message: string }
  | { readonly type: 'store.diskRecovered' }
  | { readonly type: 'store.crowded'; readonly connections: number }

export interface StoreServerOptions {
  readonly paths: InstancePaths
  /** The flat settings. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly jobTypes: Readonly<Record<string, JobType>>
  /** Workers that may still hold jobs. */
  readonly holders: readonly WorkerId[]
  /** A listening socket, or a path to make one at. */
  readonly listen: { readonly fd: number } | { readonly path: string }
  readonly onEvent?: (event: StoreEvent) => void
}

export interface StoreServer extends Component {
  /** The worker and its commands have ended: its leases go back, after its last results were read. Also before `start`. */
  workerGone(gone: GoneWorker): void
  /** Settings after a reload. */
  configure(settings: Readonly<Record<string, unknown>>, jobTypes: Readonly<Record<string, JobType>>): void
}

/** What is there while the server runs. */
interface Running extends Clients {
  readonly lockFd: number
  readonly store: Store
  readonly server: Server
}

/**
 * `start` rejects with MydError: START_FAILED when another process has the database or the disk does not take writes,
 * CHECK_FAILED when the database is damaged, foreign or newer.
 */
export function createStoreServer(options: StoreServerOptions): StoreServer {
  let running: Running | null = null
  let config = readJobConfig(options.settings, options.jobTypes)
  const goneEarly: GoneWorker[] = []
  return {
    name: 'job store',
    async start(signal) {
      const lockFd = await waitForJobsLock(options.paths.jobsLock, LOCK_TIMEOUT_MS, signal)
      try {
        running = await openAll(options, config, lockFd)
      } catch (error) {
        closeSync(lockFd)
        throw error
      }
      for (const gone of goneEarly.splice(0)) running.workers.end(gone)
      running.loop.run()
    },
    async stop() {
      const stopped = running
      running = null
      if (stopped !== null) await closeAll(stopped)
    },
    workerGone(gone) {
      if (running === null) goneEarly.push(gone)
      else running.workers.end(gone)
    },
    configure(settings, jobTypes) {
      config = readJobConfig(settings, jobTypes)
      running?.store.configure(config)
    },
  }
}

async function openAll(options: StoreServerOptions, config: JobConfig, lockFd: number): Promise<Running> {
  const store = openStore(options.paths.jobsDatabase, config)
  try {
    store.recover(options.holders)
    const loop = new TurnLoop(store, {
      onCancelled: (worker, job) => workers.tell(worker, { event: 'cancel', job }),
      onStorage: (message) =>
        options.onEvent?.(message === null ? { type: 'store.diskRecovered' } : { type: 'store.disk', message }),
    })
    const workers = new WorkerTable(loop)
    const connections = new Set<Connection>()
    const server = createServer((socket) => accept(socket))
    const running: Running = { lockFd, store, loop, workers, server, connections }
    const refused = (): void => options.onEvent?.({ type: 'store.crowded', connections: connections.size })
    const accept = (socket: Socket): void => {
      if (!acceptClient(running, socket, lineLimitOf(config))) refused()
    }
    await listen(server, options.listen)
    server.on('error', refused) // accept failed: no descriptor is left
    return running
  } catch (error) {
    store.close()
    throw error
  }
}

/** A payload in JSON may take six bytes for one; batches are cut by their sender to this. */
function lineLimitOf(config: JobConfig): number {
  return 1024 * 1024 + 6 * Math.max(config.payloadLimitBytes, config.outputLimitBytes)
}

function listen(server: Server, where: StoreServerOptions['listen']): Promise<void> {
  if ('path' in where) removeSocket(where.path)
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(new MydError('START_FAILED', `the jobs socket cannot be listened on: ${error.message}`, { cause: error }))
    })
    server.listen('fd' in where ? { fd: where.fd } : { path: where.path, backlog: BACKLOG }, resolve)
  })
}

/** What another store left behind; we hold the lock, so that it is nobody's. */
function removeSocket(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error // there is none: nothing to remove
  }
}

/** What was asked is still answered; waiting clients see the end of their connection and come again. */
async function closeAll({ lockFd, store, loop, workers, server, connections }: Running): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  loop.run()
  loop.close()
  workers.close()
  for (const connection of connections) connection.end()
  const timer = setTimeout(destroyAll, CLOSE_TIMEOUT_MS, connections)
  await closed
  clearTimeout(timer)
  store.close()
  closeSync(lockFd)
}

function destroyAll(connections: ReadonlySet<Connection>): void {
  for (const connection of connections) connection.destroy()
}
