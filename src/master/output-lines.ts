/**
 * The output of a child as lines for the log. A line over the limit is cut and says so; what comes after it is whole,
 * and reading never stops, because a reader that stops blocks the child. Pure.
 */

/** Longer lines are cut; with what is said of that they fit into a line of the log. */
export const OUTPUT_LINE_LIMIT_BYTES = 4096

export interface OutputLines {
  read(chunk: Buffer): void
  /** The child has closed the stream: what is there of a line is one. */
  end(): void
}

/** @param onLine each line without its end; empty ones are left out */
export function createOutputLines(
  onLine: (line: string) => void,
  limitBytes: number = OUTPUT_LINE_LIMIT_BYTES,
): OutputLines {
  let kept: Buffer[] = []
  let keptBytes = 0
  let lineBytes = 0
  const add = (piece: Buffer) => {
    const part = piece.subarray(0, limitBytes - keptBytes)
    if (part.length > 0) kept.push(part)
    keptBytes += part.length
    lineBytes += piece.length
  }
  const finish = () => {
    const text = Buffer.concat(kept).toString('utf8')
    if (lineBytes > 0) onLine(lineBytes > limitBytes ? `${text} (cut, the line has ${lineBytes} bytes)` : text)
    kept = []
    keptBytes = 0
    lineBytes = 0
  }
  return {
    read(chunk) {
      let start = 0
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        add(chunk.subarray(start, end))
        finish()
        start = end + 1
      }
      add(chunk.subarray(start))
    },
    end: finish,
  }
}
