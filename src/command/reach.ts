/** Finding the instance that a command is about, and asking it. */

import type { ControlAnswer, ControlCommand } from '../admin/control.ts'
import { askControl } from '../admin/control-client.ts'
import { MydError } from '../errors.ts'
import { type LoadedSettings, loadSettings } from '../settings/load.ts'
import { type InstanceState, inspectInstance } from '../system/inspect-instance.ts'
import type { CommandContext } from './context.ts'

export interface Reached {
  readonly loaded: LoadedSettings
  readonly state: InstanceState
}

/** Where the instance lies and whether it runs. Only wrong flags are refused: a wrong file must not keep one from stopping. */
export async function reachInstance(context: CommandContext): Promise<Reached> {
  const loaded = await loadSettings(context.launch, context.environment)
  const wrong = loaded.findings.find((finding) => finding.check === 'flag' && finding.level === 'failure')
  if (wrong !== undefined) throw new MydError('USAGE', wrong.message, { hint: wrong.advice })
  return { loaded, state: inspectInstance(loaded.paths) }
}

/** @throws MydError NOT_RUNNING */
export async function askDaemon(
  context: CommandContext,
  command: ControlCommand,
  timeoutMs: number,
): Promise<ControlAnswer> {
  const { loaded, state } = await reachInstance(context)
  const { name } = loaded.settings
  if (state.kind !== 'running') {
    throw new MydError('NOT_RUNNING', `${name} ${describeState(state)}`, {
      hint: `start it: ${context.program} --daemon`,
    })
  }
  return await askControl(loaded.paths.controlSocket, command, timeoutMs)
}

export function describeState(state: InstanceState): string {
  switch (state.kind) {
    case 'free':
      return 'is not running'
    case 'running':
      return `is running (pid ${state.pid})`
    case 'starting':
      return 'is starting'
    case 'stopping':
      return 'is stopping'
    case 'stale':
      return `is dead, its pidfile was left behind${state.pid === null ? '' : ` (pid ${state.pid})`}`
    case 'foreign':
      return `cannot be told: ${state.reason}`
  }
}
