/** `reload`: a rolling restart with the settings read again; ends with its outcome. */
import { MydError } from '../errors.ts'
import type { Command } from './context.ts'
import { askDaemon } from './reach.ts'

export const runReload: Command = async (context) => {
  const { exit, message } = await askDaemon(context, { command: 'reload' }, 0)
  if (exit !== 0) throw new MydError('RELOAD_FAILED', `reload rejected: ${message}`, { exit })
  if (!context.quiet) context.stderr(`reloaded: ${message}\n`)
  return 0
}
