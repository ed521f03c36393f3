/** One line of `job add -`: a job as a JSON object. Pure but for the meaning of relative directories. */
import { resolve } from 'node:path'
import { DURATION_LIMIT_MS, type NewJob } from '../job/wire.ts'
import { nearest } from '../settings/nearest.ts'
import { parseDuration } from '../settings/units.ts'
import { parseLine } from '../system/line-reader.ts'

export interface LineDefaults {
  readonly type: string | undefined
  /** Relative directories start here. */
  readonly directory: string
  readonly umask: number
}

type Reader = (value: unknown, defaults: LineDefaults) => Partial<NewJob> | null

const isText = (value: unknown): value is string => typeof value === 'string'
const isWords = (value: unknown): value is string[] => Array.isArray(value) && value.length > 0 && value.every(isText)
const isInteger = (value: unknown): value is number => Number.isSafeInteger(value)

function durationOf(value: unknown): number | null {
  return isText(value) ? parseDuration(value) : null
}

/** What each key means; null: the value is wrong. A payload that is no text is kept as JSON. */
const READERS: Readonly<Record<string, Reader>> = {
  type: (value) => (isText(value) && value !== '' ? { type: value } : null),
  payload: (value) => ({ payload: isText(value) ? value : JSON.stringify(value) }),
  command: (value) => (isWords(value) ? { command: value } : null),
  priority: (value) => (isInteger(value) && Math.abs(value) <= 1000 ? { priority: value } : null),
  key: (value) => (isText(value) && value !== '' ? { key: value } : null),
  attempts: (value) => (isInteger(value) && value > 0 && value <= 1000 ? { attempts: value } : null),
  delay: (value) => withDuration(value, (delayMs) => ({ delayMs })),
  timeout: (value) => withDuration(value, (timeoutMs) => ({ timeoutMs })),
  directory: (value, { directory }) => (isText(value) ? { directory: resolve(directory, value) } : null),
}

function withDuration(value: unknown, toFields: (valueMs: number) => Partial<NewJob>): Partial<NewJob> | null {
  const valueMs = durationOf(value)
  return valueMs === null || valueMs > DURATION_LIMIT_MS ? null : toFields(valueMs)
}

/** @returns the job, or what is wrong with the line */
export function parseJobLine(text: string, defaults: LineDefaults): NewJob | string {
  const fields = parseLine(text)
  if (fields === null) return 'not a JSON object'
  const { type = 'command', directory, umask } = defaults
  let job: NewJob = { type, directory, umask }
  for (const [key, value] of Object.entries(fields)) {
    if (!Object.hasOwn(READERS, key)) return describeUnknown(key)
    const read = READERS[key]?.(value, defaults)
    if (read === null) return `${key} is ${JSON.stringify(value)}`
    job = { ...job, ...read }
  }
  return job
}

function describeUnknown(key: string): string {
  const known = Object.keys(READERS)
  const near = nearest(key, known)
  return `unknown key “${key}”; ${near === null ? `known are ${known.join(', ')}` : `did you mean ${near}?`}`
}
