/** What a child says of a service is written where the service's own code runs: its shape is not taken for granted. */
import type { ServiceDescription } from '../protocol.ts'

/** @returns null when it is no description */
export function parseDescription(message: Readonly<Record<string, unknown>>): ServiceDescription | null {
  const { name, jobTypes, checks, error } = message
  if (!isTextOrNull(name) || !isTextOrNull(error)) return null
  if (!Array.isArray(jobTypes) || !jobTypes.every((type) => typeof type === 'string')) return null
  if (!isChecks(checks)) return null
  return { name, jobTypes, checks, error }
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string'
}

function isChecks(value: unknown): value is Record<string, string | null> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.values(value).every(isTextOrNull)
}
