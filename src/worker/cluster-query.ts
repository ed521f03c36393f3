/** What Node asks a cluster's primary, in our words, and our answer in Node's. */
import { constants } from 'node:os'
import { resolve } from 'node:path'
import { errnoOf } from '../errors.ts'
import type { ListenQuery } from '../protocol.ts'
import { isListenHost } from '../system/address.ts'

/** What Node asks: `address` null is any; port and type -1 for a unix socket, whose path is `address`. */
export interface ClusterQuery {
  readonly address: string | null
  readonly port: number
  readonly addressType: 4 | 6 | -1 | 'udp4' | 'udp6'
  readonly fd?: number
  readonly flags: number
  readonly backlog?: number
}

const IPV6_ONLY = 1
const BACKLOG_MAX = 65535

/** What a service says unchecked; the kernel would cap it too. null: that of the settings. */
function toBacklog(backlog: number | undefined): number | null {
  return Number.isSafeInteger(backlog) && Number(backlog) > 0 ? Math.min(Number(backlog), BACKLOG_MAX) : null
}

/** A name that begins with a zero byte (an abstract socket) is no path, and stays as it is. */
function toPath(address: string): string {
  return address.startsWith('\0') ? address : resolve(address)
}

export function toListenQuery({
  address,
  port,
  addressType,
  flags,
  backlog,
}: ClusterQuery): Omit<ListenQuery, 'index'> {
  const common = { ipv6Only: (flags & IPV6_ONLY) !== 0, backlog: toBacklog(backlog) }
  if (addressType === -1) return { ...common, kind: 'unix', host: toPath(address ?? ''), port: 0 }
  const kind = addressType === 'udp4' || addressType === 'udp6' ? 'udp' : 'tcp'
  const any = addressType === 'udp4' ? '0.0.0.0' : addressType === 'udp6' ? '::' : null
  return { ...common, kind, host: address ?? any, port: Math.max(0, port) }
}

/** Whether it may be asked for: no abstract unix socket, no path that is too long. Descriptors of the service's own may. */
export function isListenable(query: ClusterQuery): boolean {
  if (query.fd !== undefined && query.fd >= 0) return true
  const { kind, host } = toListenQuery(query)
  return isListenHost(kind, host)
}

/**
 * Never throws: what is no error of the system is EINVAL. Node words these itself: `listen EADDRINUSE: address already
 * in use 127.0.0.1:80`; the reason is in the master's log.
 */
export function toLibuvError(error: unknown): number {
  const code = errnoOf(error)
  const known = Object.entries(constants.errno).find(([name]) => name === code)
  return known === undefined ? -constants.errno.EINVAL : -known[1]
}
