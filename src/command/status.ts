/** `status`: what runs, for people or as JSON; the exit code is LSB's: 0 running, 1 dead, 3 not running, 4 unknown. */

import type { Status } from '../admin/control.ts'
import { askControl } from '../admin/control-client.ts'
import { wallMs } from '../clock.ts'
import { MydError } from '../errors.ts'
import type { InstanceState } from '../system/inspect-instance.ts'
import type { Command } from './context.ts'
import { describeState, reachInstance } from './reach.ts'
import { renderStatus } from './render-status.ts'

const TIMEOUT_MS = 5000

export const STATUS_EXITS = { running: 0, dead: 1, notRunning: 3, unknown: 4 } as const

export const runStatus: Command = async (context) => {
  const { loaded, state } = await reachInstance(context)
  const { name } = loaded.settings
  const status = state.kind === 'running' ? await ask(loaded.paths.controlSocket) : null
  const exit = exitOf(state, status)
  if (context.json) context.stdout(`${JSON.stringify(status ?? { name, state: state.kind, ...pidOf(state) })}\n`)
  else if (status !== null) context.stdout(renderStatus(status, wallMs()))
  else if (state.kind === 'running') context.stdout(`${name} ${describeState(state)} but does not answer\n`)
  else context.stdout(`${name} ${describeState(state)}\n`)
  return exit
}

/** null: it does not answer. */
async function ask(path: string): Promise<Status | null> {
  try {
    return (await askControl(path, { command: 'status' }, TIMEOUT_MS)).status ?? null
  } catch (error) {
    if (error instanceof MydError && error.code === 'NOT_RUNNING') return null // told as “does not answer”
    throw error
  }
}

function pidOf(state: InstanceState): { pid: number | null } {
  return { pid: 'pid' in state ? state.pid : null }
}

function exitOf(state: InstanceState, status: Status | null): number {
  switch (state.kind) {
    case 'running':
      return status === null ? STATUS_EXITS.unknown : STATUS_EXITS.running
    case 'starting':
    case 'stopping':
      return STATUS_EXITS.running
    case 'stale':
      return STATUS_EXITS.dead
    case 'free':
      return STATUS_EXITS.notRunning
    case 'foreign':
      return STATUS_EXITS.unknown
  }
}
