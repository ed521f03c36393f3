/** Sockets for TCP and UDP addresses, with what Node's own `listen` makes of "any address". */
import type { ListenQuery } from '../protocol.ts'
import { formatHostPort } from './address.ts'
import { SystemCallError } from './libc.ts'
import {
  bindSocket,
  closeDescriptor,
  listenOn,
  localEndpoint,
  SOCK_DGRAM,
  SOCK_STREAM,
  type SocketOptions,
  type SocketType,
} from './socket-calls.ts'

export type IpAddress = Pick<ListenQuery, 'host' | 'port' | 'ipv6Only'>

/** Any address is `::`, which takes IPv4 too; where IPv6 is switched off it is `0.0.0.0`. */
const ANY_HOSTS = ['::', '0.0.0.0'] as const
const NO_IPV6 = ['EAFNOSUPPORT', 'EADDRNOTAVAIL']

function bindIp(type: SocketType, { host, port, ipv6Only }: IpAddress, options: SocketOptions): number {
  const shown = formatHostPort(host, port)
  const bind = (literal: string) =>
    bindSocket(type, { kind: 'ip', host: literal, port }, shown, { ...options, ipv6Only })
  if (host !== null) return bind(host)
  try {
    return bind(ANY_HOSTS[0])
  } catch (error) {
    if (!(error instanceof SystemCallError) || !NO_IPV6.includes(error.code)) throw error
    return bind(ANY_HOSTS[1])
  }
}

/**
 * Whether a TCP address can be had now. A bind that shares the port would not tell: it succeeds beside any program of
 * the same user that shares it too. Port 0 can always be had. @throws SystemCallError (EADDRINUSE, EACCES, …) when not
 */
export function probeTcp(address: IpAddress): void {
  if (address.port !== 0) closeDescriptor(bindIp(SOCK_STREAM, address, { reuseAddress: true }))
}

/** @param reusePort there are other sockets of ours on this address @throws SystemCallError */
export function listenTcp(address: IpAddress, backlog: number, reusePort: boolean): number {
  const descriptor = bindIp(SOCK_STREAM, address, { reuseAddress: true, reusePort })
  try {
    listenOn(descriptor, backlog, formatHostPort(address.host, address.port))
    return descriptor
  } catch (error) {
    closeDescriptor(descriptor) // EADDRINUSE: somebody else began to listen since the bind
    throw error
  }
}

/** @throws SystemCallError */
export function bindUdp(address: IpAddress): number {
  return bindIp(SOCK_DGRAM, address, {})
}

/** Where a socket is really bound: with the port that the kernel chose. */
export function boundAddress(descriptor: number, ipv6Only: boolean): IpAddress {
  const endpoint = localEndpoint(descriptor)
  if (endpoint?.kind !== 'ip') throw new Error(`descriptor ${descriptor} is no IP socket`)
  return { host: endpoint.host, port: endpoint.port, ipv6Only }
}
