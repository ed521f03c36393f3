/** What Node asks a cluster's primary, in our words, and our answer in Node's. */
import { constants } from 'node:os'
import { resolve } from 'node:path'
import { errnoOf } from '../errors.ts'
import type { ListenQuery } from '../protocol.ts'

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

export function toListenQuery({
  address,
  port,
  addressType,
  flags,
  backlog,
}: ClusterQuery): Omit<ListenQuery, 'index'> {
  const common = { ipv6Only: (flags & IPV6_ONLY) !== 0, backlog: backlog || null }
  if (addressType === -1) return { ...common, kind: 'unix', host: resolve(address ?? ''), port: 0 }
  const kind = addressType === 'udp4' || addressType === 'udp6' ? 'udp' : 'tcp'
  const any = addressType === 'udp4' ? '0.0.0.0' : addressType === 'udp6' ? '::' : null
  return { ...common, kind, host: address ?? any, port: Math.max(0, port) }
}

/** @throws what is no error of the system. Node words these itself: `listen EADDRINUSE: address already in use 127.0.0.1:80`. */
export function toLibuvError(error: unknown): number {
  const code = errnoOf(error)
  const known = Object.entries(constants.errno).find(([name]) => name === code)
  if (known === undefined) throw error
  return -known[1]
}
