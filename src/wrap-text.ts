/** Text for a terminal of a given width. Pure. */

/**
 * Breaks at spaces, and within a word only when the word alone is too long. At least one line. Control characters
 * become `?`: what comes from a file must not move the cursor.
 */
export function wrapText(text: string, width: number): string[] {
  const limit = Math.max(1, width)
  const lines: string[] = []
  let line = ''
  for (const word of text.replace(/\p{Cc}/gu, '?').split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`
    if (joined.length <= limit) {
      line = joined
      continue
    }
    if (line !== '') lines.push(line)
    line = word
    while (line.length > limit) {
      lines.push(line.slice(0, limit))
      line = line.slice(limit)
    }
  }
  return [...lines, line]
}

/** The same, with a first line that begins otherwise than the others; both beginnings count for the width. */
export function wrapIndented(text: string, width: number, first: string, other = ' '.repeat(first.length)): string[] {
  const lines = wrapText(text, width - Math.max(first.length, other.length))
  return lines.map((line, index) => (index === 0 ? first : other) + line)
}
