/** An event as one line of the log. Pure. */
import type { Worded } from './wording.ts'

/** No line of the log is longer; who needs more writes a file of its own. */
export const LOG_LINE_LIMIT = 8192

/** `2026-11-20T10:00:00.000Z info child.ready: worker 0 (pid 12) is ready` and a line feed. */
export function formatLine(worded: Worded, isoTime: string): string {
  const line = `${isoTime} ${worded.level} ${worded.event}: ${escapeControl(worded.sentence)}`
  return `${line.length > LOG_LINE_LIMIT ? `${line.slice(0, LOG_LINE_LIMIT)}…` : line}\n`
}

/** What a child prints may not forge a line or drive a terminal: control characters are written out. */
export function escapeControl(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, (character) => {
    if (character === '\n') return '\\n'
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}
