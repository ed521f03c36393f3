/** Starts one child from the running executable, with its descriptors and the environment that it may have. */
import { type ChildProcess, spawn } from 'node:child_process'
import { INSTANCE_VARIABLE, ROLE_VARIABLE, type ToChild, WORKER_VARIABLE } from '../protocol.ts'
import { childEnvironment } from '../system/child-environment.ts'
import { selfCommand } from '../system/executable.ts'
import { createHandoverPair } from '../system/handover.ts'
import { closeDescriptor } from '../system/socket-calls.ts'
import type { Child } from './slot-state.ts'

export interface ChildOrder {
  readonly kind: 'worker' | 'store'
  readonly index: number
  readonly child: Child
  readonly hello: ToChild
  /** Value of WORKER_VARIABLE; null for the store. */
  readonly worker: string | null
}

export interface SpawnOptions {
  /** Path this program was started by, for ps. */
  readonly program: string
  readonly instance: string
  readonly environment: () => Readonly<Record<string, string | undefined>>
  readonly pass: () => readonly string[]
  /** Working directory of workers. */
  readonly directory: () => string
  /** Descriptors every child gets after its channel: the scoreboard, and for the store the jobs socket. */
  readonly scoreboardFd: number
  readonly jobsSocketFd: number
}

export interface Spawned {
  readonly process: ChildProcess
  /** Our end of a worker's handover pair; null for the store. */
  readonly handover: number | null
}

/** @throws an error of the system; a child without pid emits `error` instead */
export function spawnChild(order: ChildOrder, options: SpawnOptions): Spawned {
  if (order.kind === 'store') {
    return { process: spawnWith(order, options, '/', [options.scoreboardFd, options.jobsSocketFd]), handover: null }
  }
  const { ours, theirs } = createHandoverPair()
  try {
    const descriptors = [options.scoreboardFd, theirs]
    return { process: spawnWith(order, options, options.directory(), descriptors), handover: ours }
  } catch (error) {
    closeDescriptor(ours)
    throw error
  } finally {
    closeDescriptor(theirs)
  }
}

/** A child has its own session, so that a Ctrl-C on the terminal reaches the master only. */
function spawnWith(
  order: ChildOrder,
  options: SpawnOptions,
  cwd: string,
  descriptors: readonly number[],
): ChildProcess {
  const { file, args } = selfCommand()
  const own: Record<string, string> = { [ROLE_VARIABLE]: order.kind, [INSTANCE_VARIABLE]: options.instance }
  if (order.worker !== null) own[WORKER_VARIABLE] = order.worker
  return spawn(file, args, {
    argv0: options.program,
    cwd,
    detached: true,
    env: childEnvironment(options.environment(), options.pass(), own),
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', ...descriptors],
  })
}
