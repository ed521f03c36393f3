/** Reads fields of an object that came over a socket; what is not as it should be is a Refusal that names the field. */
import { DURATION_LIMIT_MS, Refusal } from './wire.ts'

export type Fields = Record<string, unknown>

/** Entries of one list of a request. */
export const BATCH_LIMIT = 10_000

export const isText = (value: unknown): value is string => typeof value === 'string'
export const isInteger = (value: unknown): value is number => Number.isSafeInteger(value)
export const isCount = (value: unknown): value is number => isInteger(value) && value >= 0
export const isDuration = (value: unknown): value is number => isCount(value) && value <= DURATION_LIMIT_MS
export const isPositive = (value: unknown): value is number => isInteger(value) && value > 0
export const isUmask = (value: unknown): value is number => isCount(value) && value <= 0o777

export function asText(value: unknown): string {
  if (!isText(value)) throw bad(`${show(value)} is not a text`)
  return value
}

export function asId(value: unknown): number {
  if (!isCount(value)) throw bad(`${show(value)} is not the id of a job`)
  return value
}

export function text(fields: Fields, name: string): string {
  const value = fields[name]
  if (!isText(value) || value === '') throw bad(`${name} is ${show(value)}, not a text`)
  return value
}

export function integer(fields: Fields, name: string, min: number, max: number): number {
  const value = fields[name]
  if (!isInteger(value) || value < min || value > max) throw bad(`${name} is ${show(value)}, not from ${min} to ${max}`)
  return value
}

/** The field as an object to spread: nothing when it is not there. */
export function optional<K extends string, T>(
  fields: Fields,
  name: K,
  isRight: (value: unknown) => value is T,
): { [key in K]?: T } {
  const value = fields[name]
  if (value === undefined) return {}
  if (!isRight(value)) throw bad(`${name} is ${show(value)}`)
  return { [name]: value } as { [key in K]: T }
}

export function listOf<T>(fields: Fields, name: string, convert: (value: unknown) => T): T[] {
  const value = fields[name]
  if (!Array.isArray(value)) throw bad(`${name} is ${show(value)}, not a list`)
  if (value.length > BATCH_LIMIT) throw bad(`${name} has ${value.length} entries, over the limit of ${BATCH_LIMIT}`)
  return value.map(convert)
}

export function objectOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad(`${what} is ${show(value)}`)
  return value as Fields
}

export function bad(message: string): Refusal {
  return new Refusal('bad-request', message)
}

export function show(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value).slice(0, 60)
}
