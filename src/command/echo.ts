/**
 * The log on the terminal of a foreground daemon, or in the pipe that stands there. A reader that stops reading costs
 * lines there (they are in the log file), never the daemon's memory.
 */
import type { Writable } from 'node:stream'
import { plural } from '../plural.ts'

const MAX_UNREAD_BYTES = 1024 * 1024

export function createEcho(stream: Pick<Writable, 'write' | 'writableLength'>): (line: string) => void {
  let dropped = 0
  return (line) => {
    if (stream.writableLength > MAX_UNREAD_BYTES) {
      dropped += 1
      return
    }
    if (dropped > 0) stream.write(`myd: ${plural(dropped, 'line')} of the log not shown: nobody was reading\n`)
    dropped = 0
    stream.write(line)
  }
}
