/**
 * Reads rows whose numbers may be over what a JavaScript number holds exactly. Nothing here writes such a number, but
 * whatever wrote it, node:sqlite throws when it reads one: a single row would end every store that starts on it.
 */
import type { SQLInputValue, StatementSync } from 'node:sqlite'
import { errnoOf } from '../errors.ts'

type Row = Readonly<Record<string, unknown>>

/** The last millisecond that a Date can name: what is over it is read as this. */
const LIMIT = 8_640_000_000_000_000n

/** All rows; when a number does not fit, they are read once more with numbers of any size, cut to the limit. */
export function readRows(statement: StatementSync, ...values: SQLInputValue[]): Row[] {
  try {
    return statement.all(...values)
  } catch (error) {
    if (errnoOf(error) !== 'ERR_OUT_OF_RANGE') throw error
  }
  statement.setReadBigInts(true)
  try {
    return statement.all(...values).map(cutNumbers)
  } finally {
    statement.setReadBigInts(false)
  }
}

function cutNumbers(row: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, cut(value)]))
}

function cut(value: unknown): unknown {
  if (typeof value !== 'bigint') return value
  return Number(value > LIMIT ? LIMIT : value < -LIMIT ? -LIMIT : value)
}
