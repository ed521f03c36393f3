/** `scale N`: more or fewer workers; kept until the next start. */
import { MydError } from '../errors.ts'
import { parseSetting } from '../settings/parse-setting.ts'
import { SETTINGS } from '../settings/table.ts'
import type { Command } from './context.ts'
import { askDaemon } from './reach.ts'

const TIMEOUT_MS = 10_000

export const runScale: Command = async (context) => {
  const [text, ...more] = context.args
  if (text === undefined || more.length > 0) throw usage('scale takes one number')
  const parsed = parseSetting(SETTINGS.proc, text)
  if ('problem' in parsed) throw usage(`the number of workers ${parsed.problem}`)
  if (typeof parsed.value !== 'number') throw usage(`the number of workers is “${text}”, a number is needed here`)
  const { exit, message } = await askDaemon(context, { command: 'scale', proc: parsed.value }, TIMEOUT_MS)
  if (exit !== 0) throw new MydError(exit === 64 ? 'USAGE' : 'RELOAD_FAILED', message, { exit })
  if (!context.quiet) context.stderr(`${message}\n`)
  return 0
}

function usage(message: string): MydError {
  return new MydError('USAGE', message, { hint: 'write scale 8; 1 to 1024' })
}
