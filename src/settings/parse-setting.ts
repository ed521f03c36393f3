/**
 * Types the text that flags and variables give for a setting. Everything stays text until here, so `name=007` keeps its zeros and `proc=007` is refused instead of guessed at. Pure.
 */
import type { Row, SettingValue } from './row.ts'
import { formatDurationValue, formatSizeValue, parseDuration, parseSize } from './units.ts'

export interface Problem {
  /** Follows the name of the setting: `is "abc", not a whole number`. */
  readonly problem: string
  readonly advice: string
}

export type Parsed = { readonly value: SettingValue | 'auto' } | Problem

export function isProblem(parsed: Parsed): parsed is Problem {
  return 'problem' in parsed
}

const EXPECTED = {
  string: 'text',
  boolean: 'true or false',
  integer: 'a whole number',
  duration: 'a duration',
  size: 'a size',
  octal: 'an octal mode',
  path: 'a path',
  list: 'a list of words',
  enum: 'one of the words',
} as const

const NUMBER_ADVICE = 'Write decimal digits without leading zero, sign, fraction or exponent'

/** How to write a value of this row, a sentence. */
function adviceFor(row: Row): string {
  switch (row.type) {
    case 'string':
      return row.pattern === undefined ? 'Give some text' : 'Use up to 64 letters, digits, ".", "_" and "-"'
    case 'boolean':
      return 'Write true or false'
    case 'integer':
      return row.auto ? `${NUMBER_ADVICE}, or auto` : NUMBER_ADVICE
    case 'duration':
      return 'Give a number and a unit (ms, s, m, h, d), as in 30s, 500ms or 1h30m'
    case 'size':
      return 'Give a number and a unit (B, KiB, MiB, GiB), as in 64MiB'
    case 'octal':
      return 'Write three or four octal digits, as in 0027'
    case 'path':
      return 'Give a path'
    case 'list':
      return 'Give words separated by commas'
    case 'enum':
      return `Use one of ${(row.values ?? []).join(', ')}`
  }
}

export function refuse(row: Row, shown: string, advice = adviceFor(row)): Problem {
  return { problem: `is ${shown}, not ${EXPECTED[row.type]}`, advice }
}

/** Bounds and patterns, alike for every source. */
export function checkValue(row: Row, value: SettingValue, show: (bound: number) => string = String): Parsed {
  if (typeof value !== 'number') return { value }
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = row
  if (value >= min && value <= max) return { value }
  const bounds = max === Number.MAX_SAFE_INTEGER ? `at least ${show(min)}` : `${show(min)} to ${show(max)}`
  return { problem: `is ${show(value)}, it must be ${bounds}`, advice: `Give ${bounds}` }
}

function parseInteger(row: Row, text: string): Parsed {
  if (row.auto && text === 'auto') return { value: 'auto' }
  if (!/^-?(0|[1-9]\d{0,14})$/.test(text)) return refuse(row, JSON.stringify(text))
  return checkValue(row, Number(text))
}

/** A quantity with its unit; a bare number is refused, because nobody can know which unit was meant. */
function parseQuantity(
  row: Row,
  text: string,
  value: number | null,
  unit: string,
  show: (n: number) => string,
): Parsed {
  if (value !== null) return checkValue(row, value, show)
  const advice = /^\d+$/.test(text) ? `The unit is missing: write ${text}${unit}, for example` : adviceFor(row)
  return refuse(row, JSON.stringify(text), advice)
}

function parseText(row: Row, text: string): Parsed {
  if (text === '' || text.includes('\0')) return refuse(row, text === '' ? 'empty' : 'text with a zero byte')
  if (row.type === 'path' && /^~/.test(text)) {
    return { problem: `is ${JSON.stringify(text)}, and only a shell knows what ~ is`, advice: 'Write the whole path' }
  }
  if (row.pattern !== undefined && !row.pattern.test(text)) {
    return { problem: `is ${JSON.stringify(text)}, which cannot be part of a file name here`, advice: adviceFor(row) }
  }
  return { value: text }
}

/** @param text as a person typed it. @returns the typed value, or what is wrong with it and what to write instead. */
export function parseSetting(row: Row, text: string): Parsed {
  switch (row.type) {
    case 'string':
    case 'path':
      return parseText(row, text)
    case 'boolean':
      return text === 'true' || text === 'false' ? { value: text === 'true' } : refuse(row, JSON.stringify(text))
    case 'integer':
      return parseInteger(row, text)
    case 'duration':
      return parseQuantity(row, text, parseDuration(text), 's', formatDurationValue)
    case 'size':
      return parseQuantity(row, text, parseSize(text), 'B', formatSizeValue)
    case 'octal':
      return /^0?[0-7]{3}$/.test(text) ? { value: Number.parseInt(text, 8) } : refuse(row, JSON.stringify(text))
    case 'list':
      return { value: text.split(/[\s,]+/).filter((word) => word !== '') }
    case 'enum':
      return row.values?.includes(text) ? { value: text } : refuse(row, JSON.stringify(text))
  }
}

/** A value as it would be written in a file, without quotes. */
export function formatSetting(row: Row, value: SettingValue): string {
  if (value === null) return ''
  if (row.type === 'duration') return formatDurationValue(Number(value))
  if (row.type === 'size') return formatSizeValue(Number(value))
  if (row.type === 'octal') return Number(value).toString(8).padStart(4, '0')
  return Array.isArray(value) ? value.join(' ') : String(value)
}
