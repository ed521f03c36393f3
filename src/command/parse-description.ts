/** What a child says of a service is written where the service's own code runs: its shape is not taken for granted. */
import type { CheckResults, ServiceDescription } from '../protocol.ts'
import type { ServiceRow, ServiceSchema } from '../settings/row.ts'

/** @returns null when it is no description */
export function parseDescription(message: Readonly<Record<string, unknown>>): ServiceDescription | null {
  const { kind, name, settings, jobTypes, isServing, error, advice } = message
  if (kind !== 'defined' && kind !== 'unmodified') return null
  if (!isTextOrNull(name) || !isTextOrNull(error) || !isTextOrNull(advice)) return null
  if (!isTexts(jobTypes) || !isSchema(settings) || typeof isServing !== 'boolean') return null
  return { kind, name, settings, jobTypes, isServing, error, advice }
}

/** @returns null when it is no result of checks */
export function parseChecks({ checks }: Readonly<Record<string, unknown>>): CheckResults | null {
  return isRecord(checks) && Object.values(checks).every(isTextOrNull) ? (checks as CheckResults) : null
}

/** Also of a schema that comes from a launch record. */
export function isSchema(value: unknown): value is ServiceSchema {
  return isRecord(value) && Object.values(value).every(isRow)
}

function isRow(value: unknown): value is ServiceRow {
  if (!isRecord(value)) return false
  const { type, help, min, max, values, default: initial } = value
  const bounds = [min, max].every((bound) => bound === undefined || typeof bound === 'number')
  const isWhole = typeof type === 'string' && Object.hasOwn(VALUES, type) && typeof help === 'string' && bounds
  if (!isWhole || !(values === undefined || isTexts(values)) || (type === 'enum' && values === undefined)) return false
  return initial === undefined || initial === null || VALUES[type as ServiceRow['type']](initial)
}

const isText = (value: unknown): boolean => typeof value === 'string'
const isNumber = (value: unknown): boolean => typeof value === 'number'

const VALUES: Readonly<Record<ServiceRow['type'], (value: unknown) => boolean>> = {
  string: isText,
  path: isText,
  enum: isText,
  boolean: (value) => typeof value === 'boolean',
  integer: isNumber,
  duration: isNumber,
  size: isNumber,
  list: isTexts,
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string'
}
