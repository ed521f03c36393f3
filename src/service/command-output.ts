/** The end of what a program prints, bounded: the beginning is dropped, and how much of it is told. */
export interface OutputEnd {
  add(chunk: Buffer): void
  /** What is kept, as text; the first line says how much was cut, if any. */
  text(): string
}

/** @param limitBytes of the text, its first line not counted */
export function keepOutputEnd(limitBytes: number): OutputEnd {
  let chunks: Buffer[] = []
  let keptBytes = 0
  let cutBytes = 0
  const shorten = (): void => {
    const all = Buffer.concat(chunks)
    const kept = all.subarray(Math.max(0, all.length - limitBytes))
    cutBytes += all.length - kept.length
    keptBytes = kept.length
    chunks = [kept]
  }
  return {
    add(chunk) {
      chunks.push(chunk)
      keptBytes += chunk.length
      if (keptBytes > 2 * limitBytes + 65_536) shorten()
    },
    text() {
      if (keptBytes > limitBytes || chunks.length > 1) shorten()
      const kept = chunks[0]?.toString('utf8') ?? ''
      return cutBytes > 0 ? `[${cutBytes} bytes before this were cut]\n${kept}` : kept
    },
  }
}
