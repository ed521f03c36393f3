/** What comes from a child is its word only: a service may have written to the channel. Anything odd is refused here. Pure. */
import { type FromChild, type ListenQuery, LOG_LEVELS, OWN_CAUSES } from '../protocol.ts'
import { isListenHost } from '../system/address.ts'

/** @returns null for what no child of this build says */
export function parseFromChild(raw: Readonly<Record<string, unknown>>): FromChild | null {
  const { type, level, message, fields, stack } = raw
  switch (type) {
    case 'ready':
      return { type }
    case 'draining': {
      const cause = OWN_CAUSES.find((one) => one === raw.cause)
      return cause === undefined ? null : { type, cause }
    }
    case 'listen': {
      const query = parseQuery(raw.query)
      return query === null || !isCount(raw.request) ? null : { type, request: raw.request, query }
    }
    case 'unlisten':
      return typeof raw.key === 'string' ? { type, key: raw.key } : null
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

const isCount = (value: unknown, max = Number.MAX_SAFE_INTEGER): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max

function parseQuery(raw: unknown): ListenQuery | null {
  if (!isObject(raw)) return null
  const { kind, host, port, ipv6Only, backlog, index } = raw
  if (kind !== 'tcp' && kind !== 'udp' && kind !== 'unix' && kind !== 'systemd') return null
  if (!isListenHost(kind, host)) return null
  if (!isCount(port, 65535) || !isCount(index, 65535) || typeof ipv6Only !== 'boolean') return null
  if (backlog !== null && !isCount(backlog, 65535)) return null
  return { kind, host, port, ipv6Only, backlog, index }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
