/**
 * The children as processes: starts them from the running executable, talks to them over their channel, passes their
 * output on line by line, and tells how they ended. Nothing here decides anything.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { errnoOf, messageOf } from '../errors.ts'
import type { ChildName, Emit } from '../events.ts'
import { type ExitReason, exitReason } from '../exit-reason.ts'
import type { Scoreboard } from '../metrics/scoreboard.ts'
import { type FromChild, INSTANCE_VARIABLE, ROLE_VARIABLE, type ToChild, WORKER_VARIABLE } from '../protocol.ts'
import { type Channel, openChannel } from '../system/channel.ts'
import { childEnvironment } from '../system/child-environment.ts'
import { selfCommand } from '../system/executable.ts'
import { trackChild } from '../system/own-children.ts'
import { parseFromChild } from './from-child.ts'
import type { Claims } from './orphans.ts'
import { createOutputLines } from './output-lines.ts'
import type { Child } from './slot-state.ts'

export interface ChildOrder {
  readonly kind: 'worker' | 'store'
  readonly index: number
  readonly child: Child
  readonly hello: ToChild
  /** Value of WORKER_VARIABLE; null for the store. */
  readonly worker: string | null
}

export interface ChildrenOptions {
  /** Path this program was started by, for ps. */
  readonly program: string
  readonly instance: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly pass: () => readonly string[]
  /** Descriptors every child gets after its channel: the scoreboard, and for the store the jobs socket. */
  readonly scoreboardFd: number
  readonly jobsSocketFd: number
  readonly emit: Emit
  readonly onMessage: (seat: number, message: FromChild) => void
  readonly onSpawned: (seat: number, pid: number) => void
  readonly onExited: (seat: number, reason: ExitReason) => void
}

export interface Children {
  spawn(order: ChildOrder): void
  send(seat: number, message: ToChild): void
  /** Signals the child itself. */
  signal(seat: number, signal: 'SIGTERM'): void
  /** KILL for the child's whole group. */
  kill(seat: number): void
  /** null when nobody sits there. */
  pidOf(seat: number): number | null
  /** What the living workers have: their ids, and the sessions of the commands that the scoreboard says they run. */
  claims(board: Scoreboard): Claims
}

interface Running {
  readonly process: ChildProcess
  readonly channel: Channel<ToChild>
  readonly worker: string | null
}

/** Exit code reported for a child that could not be started at all. */
const EXIT_SPAWN_FAILED = 71

export function openChildren(options: ChildrenOptions): Children {
  const running = new Map<number, Running>()
  const start = (order: ChildOrder) => {
    const name: ChildName = { kind: order.kind, slot: order.kind === 'store' ? 0 : order.index, pid: null }
    const { seat } = order.child
    const failed = (error: unknown) => {
      options.emit({ type: 'child.spawn-failed', child: name, message: messageOf(error) })
      setImmediate(() => options.onExited(seat, { kind: 'code', code: EXIT_SPAWN_FAILED }))
    }
    let child: ChildProcess
    try {
      child = spawnChild(order, options)
    } catch (error) {
      failed(error)
      return
    }
    if (child.pid === undefined) {
      child.once('error', failed) // EAGAIN, EMFILE, ENOMEM: the slot backs off and tries again
      return
    }
    trackChild(child)
    const known = { ...name, pid: child.pid }
    const channel = openChannel<ToChild>(child.stdio[3] as Socket, {
      onMessage(raw) {
        const message = parseFromChild(raw)
        if (message !== null) return options.onMessage(seat, message)
        options.emit({ type: 'child.babble', child: known })
        channel.close() // a child without its channel ends by itself; its exit tells
      },
      onClose: () => {},
    })
    running.set(seat, { process: child, channel, worker: order.worker })
    options.emit({ type: 'child.started', child: known, generation: order.child.generation })
    captureOutput(child, known, options.emit)
    child.once('exit', (code, signal) => {
      running.delete(seat)
      options.onExited(seat, exitReason(code, signal))
    })
    options.onSpawned(seat, child.pid)
    channel.send(order.hello)
  }
  return {
    spawn: start,
    send: (seat, message) => running.get(seat)?.channel.send(message),
    signal: (seat, signal) => void running.get(seat)?.process.kill(signal),
    kill: (seat) => killGroup(running.get(seat)?.process.pid),
    pidOf: (seat) => running.get(seat)?.process.pid ?? null,
    claims: (board) => ({
      workers: new Set([...running.values()].flatMap(({ worker }) => (worker === null ? [] : [worker]))),
      sessions: new Set([...running.keys()].flatMap((seat) => board.read(seat).inHand.map(({ group }) => group))),
    }),
  }
}

/** A child has its own session, so that a Ctrl-C on the terminal reaches the master only. */
function spawnChild(order: ChildOrder, options: ChildrenOptions): ChildProcess {
  const { file, args } = selfCommand()
  const own: Record<string, string> = { [ROLE_VARIABLE]: order.kind, [INSTANCE_VARIABLE]: options.instance }
  if (order.worker !== null) own[WORKER_VARIABLE] = order.worker
  const inherited = order.kind === 'store' ? [options.scoreboardFd, options.jobsSocketFd] : [options.scoreboardFd]
  return spawn(file, args, {
    argv0: options.program,
    cwd: '/',
    detached: true,
    env: childEnvironment(options.environment, options.pass(), own),
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', ...inherited],
  })
}

/** Our child stays a zombie until Node reaps it, so the group is the right one whenever we know the pid. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error // it has ended: that is what was wanted
  }
}

function captureOutput(child: ChildProcess, name: ChildName, emit: Emit): void {
  for (const stream of ['stdout', 'stderr'] as const) {
    const lines = createOutputLines((text) => emit({ type: 'child.output', child: name, stream, text }))
    child[stream]?.on('data', lines.read).on('end', lines.end)
  }
}
