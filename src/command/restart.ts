/** `restart`: looks whether it will run, then stop, then start with the flags, the directory and the settings file of the instance that ran; new flags win. */
import { readFileSync } from 'node:fs'
import { errnoOf, MydError } from '../errors.ts'
import type { LaunchRecord } from '../protocol.ts'
import { findUnit } from '../system/systemd-unit.ts'
import type { Command, CommandContext } from './context.ts'
import { nameService } from './describe-service.ts'
import { mergeLaunch, parseLaunch } from './launch-record.ts'
import { checkAhead } from './prepare.ts'
import { reachInstance } from './reach.ts'
import { runStart } from './start.ts'
import { runStop } from './stop.ts'

export const runRestart: Command = async (context) => {
  const { loaded, state } = await reachInstance(context)
  const before = readLaunch(loaded.paths.launch)
  if (state.kind === 'running' && before?.foreground) leaveToSystemd(state.pid)
  const next = before === null ? context : await followUp(context, mergeLaunch(before, context.launch))
  const refused = state.kind === 'running' ? await checkAhead(next) : null
  if (refused !== null) {
    context.stderr(`${loaded.settings.name}: goes on as it was\n`)
    return refused
  }
  const stopped = await runStop(context)
  return stopped === 0 ? await runStart(next) : stopped
}

async function followUp(context: CommandContext, launch: LaunchRecord): Promise<CommandContext> {
  const { environment, program } = context
  return { ...context, ...(await nameService(launch, { environment, program, instance: null })) }
}

/** What systemd started must be restarted by it: a second one beside it would be nobody's. @throws MydError USAGE */
function leaveToSystemd(pid: number): void {
  const unit = findUnit(pid)
  if (unit === null) return
  const name = unit.name.replace(/\.service$/, '')
  throw new MydError('USAGE', `it was started by systemd, as ${unit.name}`, {
    hint: `restart it with: systemctl ${unit.ofUser ? '--user ' : ''}restart ${name}`,
  })
}

/** @returns null when nothing runs: a plain start. @throws MydError START_FAILED when it cannot be told how it was started */
function readLaunch(path: string): LaunchRecord | null {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw error
  }
  const record = parseLaunch(text)
  if (record !== null) return record
  throw new MydError('START_FAILED', `${path} does not say how this instance was started`, {
    path,
    hint: 'stop it, then start it with its flags',
  })
}
