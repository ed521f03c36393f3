/** `reload`: a rolling restart with the settings read again, from where they came; ends with its outcome. */
import { MydError } from '../errors.ts'
import type { Command } from './context.ts'
import { askDaemon } from './reach.ts'

/** Those that say which instance is meant; the others would be believed to be taken over. */
const PLACE: readonly string[] = ['home', 'name', 'runDirectory', 'logDirectory', 'stateDirectory']

export const runReload: Command = async (context) => {
  const given = Object.keys(context.launch.flags).find((setting) => !PLACE.includes(setting))
  if (given !== undefined) {
    throw new MydError('USAGE', `reload takes no settings, ${given} was given`, {
      hint: 'change it in the settings file, or give it to restart',
    })
  }
  const { exit, message } = await askDaemon(context, { command: 'reload' }, 0)
  if (exit !== 0) throw new MydError('RELOAD_FAILED', `reload rejected: ${message}`, { exit })
  if (!context.quiet) context.stderr(`reloaded: ${message}\n`)
  return 0
}
