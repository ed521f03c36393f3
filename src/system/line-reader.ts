/**
 * Messages as lines: one JSON value per line, `\n` at its end, in UTF-8. The channel to a child, the control socket
 * and the jobs socket all speak so. A line over the limit is the sender's fault and ends the conversation, because
 * a reader that keeps what it cannot use grows without end.
 */

/** Bytes of one line that are accepted when nothing else is said. */
export const LINE_LIMIT_BYTES = 1024 * 1024

/**
 * @param onLine each whole line without its end
 * @param onTooLong called once, with the limit; nothing is delivered after it
 * @returns what takes the chunks, as they come
 */
export function createLineReader(
  onLine: (line: string) => void,
  onTooLong: (limitBytes: number) => void,
  limitBytes = LINE_LIMIT_BYTES,
): (chunk: Buffer) => void {
  let pending: Buffer[] = []
  let pendingBytes = 0
  let closed = false
  return (chunk) => {
    let start = 0
    while (!closed) {
      const end = chunk.indexOf(10, start)
      const piece = chunk.subarray(start, end < 0 ? undefined : end)
      if (pendingBytes + piece.length > limitBytes) {
        closed = true
        pending = []
        onTooLong(limitBytes)
        return
      }
      if (end < 0) {
        if (piece.length > 0) pending.push(piece)
        pendingBytes += piece.length
        return
      }
      const line = pending.length === 0 ? piece : Buffer.concat([...pending, piece])
      pending = []
      pendingBytes = 0
      start = end + 1
      if (line.length > 0) onLine(line.toString('utf8'))
    }
  }
}

/** One message as it goes over the wire. */
export function toLine(message: unknown): string {
  return `${JSON.stringify(message)}\n`
}

/** The object in a line, or null when the line is none: who reads a peer's bytes must expect anything. */
export function parseLine(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null
  } catch {
    return null // not JSON: the caller answers the peer
  }
}
