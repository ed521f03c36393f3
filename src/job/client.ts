/**
 * The job store as the command line uses it: the running one over its socket, or, with no daemon, the database itself.
 * Both answer the same operations in the same words.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { monotonicMs } from '../clock.ts'
import type { InstancePaths } from '../protocol.ts'
import type { JobConfig } from './job-config.ts'
import { connectToStore } from './socket-client.ts'
import type { Answers, Operation } from './wire.ts'

/** What a client that is no worker asks. */
export type ClientOperation = Extract<Operation, { op: keyof Answers }>

export interface JobClient {
  /** false: the database was opened by this process, and nobody runs jobs. */
  readonly hasDaemon: boolean
  /** @throws MydError USAGE, JOB_FAILED, CANNOT_CREATE (the disk), NOT_RUNNING (the store is gone, or none to wait for) */
  call<O extends ClientOperation>(operation: O): Promise<Answers[O['op']]>
  close(): Promise<void>
}

/** The database may be held by a store that starts or stops: it is waited for this long. */
const OPEN_TIMEOUT_MS = 10_000
const TRY_EVERY_MS = 50

/**
 * @param config is used only when there is no daemon
 * @throws MydError NOT_RUNNING when no instance was ever started there, START_FAILED when another process holds the
 *   database and serves nobody, PERMISSION, CHECK_FAILED when the database cannot be used
 */
export async function openJobClient(paths: InstancePaths, config: () => JobConfig): Promise<JobClient> {
  const deadline = monotonicMs() + OPEN_TIMEOUT_MS
  for (;;) {
    const remote = await connectToStore(paths.jobsSocket)
    if (remote !== null) return remote
    const { isInUse, openDatabaseClient } = await import('./database-client.ts')
    const local = openDatabaseClient(paths, config())
    if (local !== null) return local
    if (monotonicMs() >= deadline) throw isInUse(paths)
    await delay(TRY_EVERY_MS)
  }
}
