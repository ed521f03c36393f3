/** What comes from a child is its word only: a service may have written to the channel. Anything odd is refused here. Pure. */
import { type FromChild, LOG_LEVELS } from '../protocol.ts'

/** @returns null for what no child of this build says */
export function parseFromChild(raw: Readonly<Record<string, unknown>>): FromChild | null {
  const { type, level, message, fields, stack } = raw
  switch (type) {
    case 'ready':
      return { type }
    case 'failed':
      return typeof message === 'string' ? { type, message, stack: typeof stack === 'string' ? stack : null } : null
    case 'log': {
      const known = LOG_LEVELS.find((one) => one === level)
      if (known === undefined || typeof message !== 'string') return null
      return { type, level: known, message, fields: isObject(fields) ? fields : {} }
    }
    default:
      return null
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
