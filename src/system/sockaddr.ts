/** Addresses of sockets as the kernel has them (struct sockaddr_in, sockaddr_in6, sockaddr_un), both ways. */
import { readFileSync } from 'node:fs'
import { isIPv4, isIPv6, SocketAddress } from 'node:net'

export const AF_UNIX = 1
export const AF_INET = 2
export const AF_INET6 = 10

/** What a socket is bound to: an IP address and port, or a path (empty when it has none). */
export type Endpoint =
  | { readonly kind: 'ip'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

/** Bytes that sun_path has room for, less the zero at its end. */
export const UNIX_PATH_MAX = 107
/** Room for any of them. */
export const SOCKADDR_SIZE = 110

const SCOPE_OFFSET = 24
const IPV6_SIZE = 28
const IPV4_SIZE = 16

/** The one way to write an address: `0:0:0:0:0:0:0:1` → `::1`. @param host a literal IP address */
export function canonicalHost(host: string): string {
  if (!isIPv6(host)) return host
  const [address = '', zone] = host.split('%')
  const canonical = new SocketAddress({ address, family: 'ipv6' }).address
  return zone === undefined ? canonical : `${canonical}%${zone}`
}

export function familyOf(endpoint: Endpoint): number {
  if (endpoint.kind === 'unix') return AF_UNIX
  return isIPv4(endpoint.host) ? AF_INET : AF_INET6
}

/** @returns the bytes, exactly as many as the kernel is to be told of @throws when a zone (`%eth0`) is not there */
export function encodeSockaddr(endpoint: Endpoint): Buffer {
  if (endpoint.kind === 'unix') {
    const bytes = Buffer.alloc(2 + Buffer.byteLength(endpoint.path) + 1)
    bytes.writeUInt16LE(AF_UNIX, 0)
    bytes.write(endpoint.path, 2)
    return bytes
  }
  const { host, port } = endpoint
  const isV4 = isIPv4(host)
  const bytes = Buffer.alloc(isV4 ? IPV4_SIZE : IPV6_SIZE)
  bytes.writeUInt16LE(isV4 ? AF_INET : AF_INET6, 0)
  bytes.writeUInt16BE(port, 2)
  if (isV4) {
    bytes.set(host.split('.').map(Number), 4)
    return bytes
  }
  const [address = '', zone] = host.split('%')
  for (const [index, group] of groupsOf(address).entries()) bytes.writeUInt16BE(group, 8 + 2 * index)
  if (zone !== undefined) bytes.writeUInt32LE(scopeOf(zone), SCOPE_OFFSET)
  return bytes
}

/** @param length as the kernel told it @returns null for a family that is none of these */
export function decodeSockaddr(bytes: Buffer, length: number): Endpoint | null {
  const family = bytes.readUInt16LE(0)
  if (family === AF_UNIX) {
    const path = bytes.toString('utf8', 2, Math.max(2, length))
    return { kind: 'unix', path: path.startsWith('\0') ? path : path.replace(/\0.*$/s, '') }
  }
  const port = bytes.readUInt16BE(2)
  if (family === AF_INET) return { kind: 'ip', host: bytes.subarray(4, 8).join('.'), port }
  if (family !== AF_INET6) return null
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(8 + 2 * index).toString(16))
  const scope = bytes.readUInt32LE(SCOPE_OFFSET)
  return { kind: 'ip', host: `${canonicalHost(groups.join(':'))}${scope === 0 ? '' : `%${scope}`}`, port }
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  const hex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number)
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  })
  const [head = '', tail] = hex.split('::')
  const read = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)))
  const left = read(head)
  if (tail === undefined) return left
  const right = read(tail)
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right]
}

/** The number of a network interface, which is what the kernel knows it by. */
function scopeOf(zone: string): number {
  if (/^\d+$/.test(zone)) return Number(zone)
  return Number(readFileSync(`/sys/class/net/${zone.replaceAll('/', '')}/ifindex`, 'latin1'))
}
