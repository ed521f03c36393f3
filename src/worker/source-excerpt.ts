/**
 * The lines of source where an error was thrown, for the log. Positions are true in TypeScript too: types are stripped in
 * place. Never throws: there is a failure to report already.
 */
import { readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export interface SourcePosition {
  readonly path: string
  /** From 1. */
  readonly line: number
  /** From 1; null when it is not known. */
  readonly column: number | null
}

const LINES_BEFORE = 2
const LINES_AFTER = 1
/** What is wider, such as a minified file, is cut around the column. */
const WIDTH = 120
const SIZE_LIMIT_BYTES = 4_000_000

/** `at name (place:line:column)`, `at place:line:column`; what the parser says of a file that is no program: `place:line`. */
const FRAME = /^\s+at (?:async )?(?:.*\()?((?:file:\/\/|\/).+?):(\d+):(\d+)\)?$/
const HEADING = /^((?:file:\/\/|\/).+?):(\d+)$/

/**
 * Where the author's code was: the first frame that is neither Node's nor ours, outside node_modules if there is one.
 * @param isOurs whether a file belongs to the program that runs the service
 */
export function findPosition(stack: string, isOurs: (path: string) => boolean): SourcePosition | null {
  const positions = stack
    .split('\n')
    .map(readPosition)
    .filter((position) => position !== null)
    .filter(({ path }) => !isOurs(path))
  return positions.find(({ path }) => !path.includes('/node_modules/')) ?? positions[0] ?? null
}

/** @returns file and position, and the lines around it; null when they cannot be read */
export function excerptSource({ path, line, column }: SourcePosition): string | null {
  const lines = readLines(path)
  if (lines?.[line - 1] === undefined) return null
  const first = Math.max(1, line - LINES_BEFORE)
  const last = Math.min(lines.length, line + LINES_AFTER)
  const digits = String(last).length
  const from = Math.max(0, (column ?? 1) - 1 - WIDTH / 2)
  const cut = (text: string): string => (from > 0 ? text.slice(from, from + WIDTH) : text.slice(0, WIDTH)).trimEnd()
  const shown: string[] = [`${path}:${line}${column === null ? '' : `:${column}`}`]
  for (let number = first; number <= last; number++) {
    const text = cut(lines[number - 1] ?? '')
    shown.push(`${number === line ? '>' : ' '} ${String(number).padStart(digits)} | ${text}`.trimEnd())
    if (number === line && column !== null) shown.push(`  ${' '.repeat(digits)} | ${pad(text, column - 1 - from)}^`)
  }
  return shown.join('\n')
}

function readPosition(text: string): SourcePosition | null {
  const [, place, line, column] = FRAME.exec(text) ?? HEADING.exec(text) ?? []
  if (place === undefined) return null
  try {
    const path = place.startsWith('file:') ? fileURLToPath(place) : place
    return { path, line: Number(line), column: column === undefined ? null : Number(column) }
  } catch {
    return null // not every URL is a path
  }
}

function readLines(path: string): string[] | null {
  try {
    const about = statSync(path)
    return about.isFile() && about.size <= SIZE_LIMIT_BYTES ? readFileSync(path, 'utf8').split(/\r?\n/) : null
  } catch {
    return null // gone, or not ours to read
  }
}

/** As wide as that much of the text, whatever a tab is worth. */
function pad(text: string, width: number): string {
  return text.slice(0, width).replace(/[^\t]/g, ' ').padEnd(width)
}
