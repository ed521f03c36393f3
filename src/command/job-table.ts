/** Columns for a terminal. Pure. */

/**
 * Columns as wide as their widest cell, two spaces between; the last is cut to the width. Control characters become
 * `?`: what a job is called must not move the cursor.
 */
export function alignColumns(rows: readonly (readonly string[])[], width: number): string {
  const clean = rows.map((row) => row.map((cell) => cell.replace(/\p{Cc}/gu, '?')))
  const widest = (column: number) => clean.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), 0)
  const widths = (clean[0] ?? []).map((_, column) => widest(column))
  const lines = clean.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
  return lines.map((line) => `${line.trimEnd().slice(0, Math.max(width, 40))}\n`).join('')
}
