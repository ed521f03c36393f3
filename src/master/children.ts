/**
 * The children as processes: starts them from the running executable, talks to them over their channel, passes their
 * output on line by line, and tells how they ended. Nothing here decides anything.
 */
import type { ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import { errnoOf, messageOf } from '../errors.ts'
import type { ChildName, Emit } from '../events.ts'
import { type ExitReason, exitReason } from '../exit-reason.ts'
import type { Scoreboard } from '../metrics/scoreboard.ts'
import type { FromChild, ToChild } from '../protocol.ts'
import { type Channel, openChannel } from '../system/channel.ts'
import { sendDescriptor } from '../system/handover.ts'
import { trackChild } from '../system/own-children.ts'
import { closeDescriptor } from '../system/socket-calls.ts'
import { parseFromChild } from './from-child.ts'
import type { Claims } from './orphans.ts'
import { createOutputLines } from './output-lines.ts'
import { type ChildOrder, type Spawned, type SpawnOptions, spawnChild } from './spawn-child.ts'

export interface ChildrenOptions extends SpawnOptions {
  readonly emit: Emit
  readonly onMessage: (seat: number, message: FromChild) => void
  readonly onSpawned: (seat: number, pid: number) => void
  readonly onExited: (seat: number, reason: ExitReason) => void
}

export interface Children {
  spawn(order: ChildOrder): void
  send(seat: number, message: ToChild): void
  /**
   * Puts a descriptor on the handover pair of a worker, which is to be told of it next.
   * @returns its number there; null when nobody sits there, or does not take what lies there already
   */
  handOver(seat: number, descriptor: number): number | null
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
  /** Our end of its handover pair, and the number of the descriptor that is sent next; null for the store. */
  readonly handover: { readonly pair: number; next: number } | null
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
    let spawned: Spawned
    try {
      spawned = spawnChild(order, options)
    } catch (error) {
      failed(error)
      return
    }
    const { process: child, handover } = spawned
    const release = () => handover !== null && closeDescriptor(handover)
    if (child.pid === undefined) {
      release()
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
    const pair = handover === null ? null : { pair: handover, next: 0 }
    running.set(seat, { process: child, channel, handover: pair, worker: order.worker })
    options.emit({ type: 'child.started', child: known, generation: order.child.generation })
    captureOutput(child, known, options.emit)
    child.once('exit', (code, signal) => {
      running.delete(seat)
      release()
      options.onExited(seat, exitReason(code, signal))
    })
    options.onSpawned(seat, child.pid)
    channel.send(order.hello)
  }
  return {
    spawn: start,
    send: (seat, message) => running.get(seat)?.channel.send(message),
    handOver: (seat, descriptor) => handOver(running.get(seat)?.handover ?? null, descriptor),
    signal: (seat, signal) => void running.get(seat)?.process.kill(signal),
    kill: (seat) => killGroup(running.get(seat)?.process.pid),
    pidOf: (seat) => running.get(seat)?.process.pid ?? null,
    claims: (board) => ({
      workers: new Set([...running.values()].flatMap(({ worker }) => (worker === null ? [] : [worker]))),
      sessions: new Set([...running.keys()].flatMap((seat) => board.read(seat).inHand.map(({ group }) => group))),
    }),
  }
}

function handOver(handover: Running['handover'], descriptor: number): number | null {
  if (handover === null || !sendDescriptor(handover.pair, descriptor, handover.next)) return null
  const number = handover.next
  handover.next = (number + 1) >>> 0
  return number
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
