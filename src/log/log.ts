/** Where events become lines: those of the wanted level go to the file, and to the terminal in the foreground. */
import { toIso, wallMs } from '../clock.ts'
import type { DaemonEvent, Emit } from '../events.ts'
import { LOG_LEVELS, type LogLevel } from '../protocol.ts'
import { formatLine } from './line.ts'
import { type LogFile, openLogFile } from './log-file.ts'
import { wordEvent } from './wording.ts'

/** In the background, standard output and error of the daemon are the log. */
const STANDARD_STREAMS = [1, 2] as const

export interface Log {
  readonly emit: Emit
  setLevel(level: LogLevel): void
  reopen(): void
  close(): void
}

/**
 * @param path of the file
 * @param echo in the foreground: gets each line too; null: detached
 * @throws when the file cannot be opened
 */
export function openLog(path: string, level: LogLevel, echo: ((line: string) => void) | null): Log {
  const file = openLogFile(path, echo === null ? STANDARD_STREAMS : [])
  let threshold = LOG_LEVELS.indexOf(level)
  let lost = 0
  let closed = false
  const emit: Emit = (event) => {
    const worded = wordEvent(event)
    if (closed || LOG_LEVELS.indexOf(worded.level) < threshold) return
    const line = formatLine(worded, toIso(wallMs()))
    if (lost > 0 && tellLost(file, lost)) lost = 0
    if (!file.write(line)) lost += 1
    echo?.(line)
  }
  return {
    emit,
    setLevel: (next) => {
      threshold = LOG_LEVELS.indexOf(next)
    },
    reopen: () => file.reopen(),
    close() {
      closed = true // a process that outlives its worker may still hold its output
      file.close()
    },
  }
}

function tellLost(file: LogFile, lines: number): boolean {
  const event: DaemonEvent = { type: 'log.lost', lines, reason: 'the log could not be written (disk full?)' }
  return file.write(formatLine(wordEvent(event), toIso(wallMs())))
}
