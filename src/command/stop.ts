/** `stop`: tells the master to end and returns when nothing of it is left. Only a process that holds the lock is signalled. */
import { closeSync } from 'node:fs'
import { askControl } from '../admin/control-client.ts'
import { monotonicMs } from '../clock.ts'
import { MydError } from '../errors.ts'
import type { InstancePaths } from '../protocol.ts'
import { type InstanceState, inspectInstance } from '../system/inspect-instance.ts'
import { openPidFd, signalPidFd } from '../system/libc.ts'
import { identify, isSameProcess, type ProcessIdentity } from '../system/proc.ts'
import type { Command } from './context.ts'
import { describeState, reachInstance } from './reach.ts'

const SIGTERM = 15
const POLL_MS = 10
const ANSWER_MS = 2000
/** The master has its own deadlines for its workers; this much longer means that it hangs itself. */
const GRACE_MS = 15_000

export const runStop: Command = async (context) => {
  const { loaded, state } = await reachInstance(context)
  const { settings, paths } = loaded
  if (state.kind === 'free' || state.kind === 'stale') {
    if (!context.quiet) context.stderr(`${settings.name}: ${describeState(state)}\n`)
    return 0
  }
  if (state.kind === 'foreign') throw new MydError('STOP_FAILED', `${settings.name} ${describeState(state)}`)
  const pid = await stopInstance(paths, settings.stopTimeout + GRACE_MS)
  if (!context.quiet) context.stderr(`${settings.name}: stopped${pid === null ? '' : ` (pid ${pid})`}\n`)
  return 0
}

/**
 * Waits for the process itself, not only for its lock: it is gone when no other can see it. A start that takes the lock
 * right after it is another instance's affair.
 * @returns the pid that was stopped; null when it went before it was told
 * @throws MydError STOP_FAILED after the timeout
 */
export async function stopInstance(paths: InstancePaths, timeoutMs: number): Promise<number | null> {
  const deadline = monotonicMs() + timeoutMs
  let holder: ProcessIdentity | null = null
  let told: number | null = null
  let isEnding = false
  for (;;) {
    const state = inspectInstance(paths)
    if (isGone(holder, state, isEnding)) return told
    if (!isEnding && isHeld(state) && state.pid !== null) {
      holder = identify(state.pid) ?? holder
      if (state.kind !== 'stopping' && (await order(paths, state.pid))) told = state.pid
      isEnding = told !== null || state.kind === 'stopping'
    }
    if (monotonicMs() > deadline) {
      throw new MydError('STOP_FAILED', `it has not ended after ${Math.round(timeoutMs / 1000)} s`, {
        hint: `the log may say why: ${paths.log}`,
      })
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

type Held = Extract<InstanceState, { kind: 'starting' | 'running' | 'stopping' }>

function isHeld(state: InstanceState): state is Held {
  return state.kind === 'starting' || state.kind === 'running' || state.kind === 'stopping'
}

/** @param holder who was seen with the lock last; when it is ending, whoever has the lock after it is a new start */
function isGone(holder: ProcessIdentity | null, state: InstanceState, isEnding: boolean): boolean {
  if (holder !== null && isSameProcess(holder)) return false
  if (!isHeld(state)) return true
  return isEnding && holder !== null && state.pid !== null && state.pid !== holder.pid
}

/** Over the control socket, where asking twice changes nothing: two stops at once would be two TERM, which means “at once”. */
async function order(paths: InstancePaths, pid: number): Promise<boolean> {
  try {
    const { exit } = await askControl(paths.controlSocket, { command: 'stop' }, ANSWER_MS)
    return exit === 0 || terminate(paths, pid) // another build may not know the command
  } catch (error) {
    if (!(error instanceof MydError) || error.code !== 'NOT_RUNNING') throw error
    return terminate(paths, pid) // it is still starting, or hangs
  }
}

/** The holder is looked up again behind the pidfd: a pid that was given to another process meanwhile is not signalled. */
function terminate(paths: InstancePaths, pid: number): boolean {
  const pidFd = openPidFd(pid)
  if (pidFd === null) return false
  try {
    const state = inspectInstance(paths)
    return 'pid' in state && state.pid === pid && state.kind !== 'stopping' && signalPidFd(pidFd, SIGTERM)
  } finally {
    closeSync(pidFd)
  }
}
