/** `restart`: stop, then start with the flags, the directory and the settings file of the instance that ran; new flags win. */
import { readFileSync } from 'node:fs'
import { errnoOf } from '../errors.ts'
import { LAUNCH_VERSION, type LaunchRecord } from '../protocol.ts'
import type { Command, CommandContext } from './context.ts'
import { reachInstance } from './reach.ts'
import { runStart } from './start.ts'
import { runStop } from './stop.ts'

export const runRestart: Command = async (context) => {
  const { loaded } = await reachInstance(context)
  const before = readLaunch(loaded.paths.launch)
  const stopped = await runStop(context)
  if (stopped !== 0) return stopped
  return await runStart(before === null ? context : { ...context, launch: merge(before, context) })
}

/** @returns null when there is none, or one of another version */
function readLaunch(path: string): LaunchRecord | null {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null // nothing runs: a plain start
    throw error
  }
  const record = JSON.parse(text) as LaunchRecord
  return record.version === LAUNCH_VERSION ? record : null
}

function merge(before: LaunchRecord, { launch }: CommandContext): LaunchRecord {
  return {
    ...before,
    flags: { ...before.flags, ...absolute(launch) },
    environment: { ...before.environment, ...launch.environment },
    config: launch.config ?? before.config,
    service: launch.service ?? before.service,
    serviceName: launch.service === null ? before.serviceName : launch.serviceName,
    debug: launch.debug || before.debug,
    noFork: launch.noFork || before.noFork,
  }
}

/** Relative paths among the new flags start where they were typed now, not where the instance was started. */
function absolute(launch: LaunchRecord): Record<string, string> {
  const { flags, directory } = launch
  const home = flags.home
  return home === undefined || home.startsWith('/') ? { ...flags } : { ...flags, home: `${directory}/${home}` }
}
