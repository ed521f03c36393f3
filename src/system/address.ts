/**
 * What to listen on, as people write it in `listen`, as a worker asks for it, and as the name under which the master
 * keeps it. Pure but for what Node knows of IP addresses.
 */
import { isIP, isIPv4, isIPv6 } from 'node:net'
import { assertNever } from '../errors.ts'
import type { ListenQuery, SocketKey } from '../protocol.ts'
import { canonicalHost, UNIX_PATH_MAX } from './sockaddr.ts'

export type ListenAddress =
  /** `host`: a literal IP address, or null for any, IPv6 and IPv4. Port 0: the kernel chooses. */
  | { readonly kind: 'tcp'; readonly host: string | null; readonly port: number }
  /** `path`: absolute. */
  | { readonly kind: 'unix'; readonly path: string }
  /** A socket that systemd passes under this name (FileDescriptorName=, else the name of the socket unit). */
  | { readonly kind: 'systemd'; readonly name: string }

export interface AddressProblem {
  /** Follows the text: `has port 99999`. */
  readonly problem: string
  readonly advice: string
}

const FORMS = 'Write a port, host:port, [ipv6]:port, /path or systemd:NAME'
const NAME_PATTERN = /^[!-9;-~]{1,255}$/ // sd_listen_fds_with_names(3): no colon, no control characters

export function isAddressProblem(parsed: ListenAddress | AddressProblem): parsed is AddressProblem {
  return 'problem' in parsed
}

/** @param text `8080`, `*:8080`, `127.0.0.1:8080`, `[::1]:8080`, `/run/x.sock`, `unix:/run/x.sock`, `systemd:NAME` */
export function parseAddress(text: string): ListenAddress | AddressProblem {
  if (text.startsWith('systemd:')) return parseSystemd(text.slice('systemd:'.length))
  if (text.startsWith('unix:')) return parseUnix(text.slice('unix:'.length))
  if (text.startsWith('/')) return parseUnix(text)
  if (/^\d+$/.test(text)) return withPort(null, text)
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(text)
  if (bracketed !== null) return parseIPv6(bracketed[1] ?? '', bracketed[2])
  if (isIPv6(text)) return { problem: 'is an IPv6 address without port', advice: `Write [${text}]:8080, for example` }
  const colon = text.lastIndexOf(':')
  if (colon < 0) return parseWord(text)
  return parseHost(text.slice(0, colon), text.slice(colon + 1))
}

function parseSystemd(name: string): ListenAddress | AddressProblem {
  if (NAME_PATTERN.test(name)) return { kind: 'systemd', name }
  return { problem: 'names no socket of systemd', advice: 'Write systemd: and the FileDescriptorName= of the socket' }
}

function parseUnix(path: string): ListenAddress | AddressProblem {
  if (!path.startsWith('/'))
    return { problem: 'is no absolute path', advice: 'Begin it with a slash: unix:/run/x.sock' }
  if (path.endsWith('/') || path.includes('\0')) return { problem: 'is no path of a socket', advice: 'Name a file' }
  const length = Buffer.byteLength(path)
  if (length <= UNIX_PATH_MAX) return { kind: 'unix', path }
  const problem = `is ${length} bytes long, and the path of a unix socket may have ${UNIX_PATH_MAX}`
  return { problem, advice: 'Choose a shorter path' }
}

function withPort(host: string | null, text: string): ListenAddress | AddressProblem {
  const advice = 'Use a port from 1 to 65535, or 0 for any that is free'
  if (!/^(0|[1-9]\d*)$/.test(text)) return { problem: `has ${JSON.stringify(text)} where its port should be`, advice }
  const port = Number(text)
  return port <= 65535 ? { kind: 'tcp', host, port } : { problem: `has port ${text}, and the last is 65535`, advice }
}

function parseIPv6(host: string, port: string | undefined): ListenAddress | AddressProblem {
  if (!isIPv6(host)) return { problem: `has no IPv6 address in its brackets`, advice: 'Write [::1]:8080, for example' }
  if (port === undefined) return { problem: 'has no port', advice: `Write [${host}]:8080, for example` }
  return withPort(canonicalHost(host), port)
}

function parseHost(host: string, port: string): ListenAddress | AddressProblem {
  if (host === '*') return withPort(null, port)
  if (isIPv4(host)) return withPort(host, port)
  if (host === 'localhost') return withPort('127.0.0.1', port)
  if (isIPv6(host)) return { problem: 'is an IPv6 address without brackets', advice: `Write [${host}]:${port}` }
  const problem = `names the host ${JSON.stringify(host)}; what an address listens on must not depend on a name server`
  return { problem, advice: `Write its IP address, or *:${port} for all addresses of this host` }
}

function parseWord(text: string): AddressProblem {
  if (isIPv4(text) || text === 'localhost' || text === '*') {
    return { problem: 'has no port', advice: `Write ${text}:8080, for example` }
  }
  return { problem: 'is no address to listen on', advice: FORMS }
}

/** Whether there can be such a socket: a literal IP address or null, an absolute path, a name of systemd. */
export function isListenHost(kind: ListenQuery['kind'], host: unknown): host is string | null {
  if (host === null) return kind === 'tcp' || kind === 'udp'
  if (typeof host !== 'string') return false
  if (kind === 'systemd') return NAME_PATTERN.test(host)
  if (kind === 'unix') return host.startsWith('/') && !host.includes('\0') && Buffer.byteLength(host) <= UNIX_PATH_MAX
  return isIP(host) !== 0
}

/** As it would be written in `listen`. */
export function formatAddress(address: ListenAddress): string {
  switch (address.kind) {
    case 'tcp':
      return formatHostPort(address.host, address.port)
    case 'unix':
      return address.path
    case 'systemd':
      return `systemd:${address.name}`
    default:
      return assertNever(address)
  }
}

/** `127.0.0.1:80`, `[::1]:80`, `*:80`. */
export function formatHostPort(host: string | null, port: number): string {
  if (host === null) return `*:${port}`
  return isIPv4(host) ? `${host}:${port}` : `[${host}]:${port}`
}

/** The name of what is asked for, the same for every worker: `tcp:127.0.0.1:80`, `tcp:*:0#1`, `unix:/run/x.sock`. */
export function keyOf({ kind, host, port, ipv6Only, index }: ListenQuery): SocketKey {
  if (kind === 'unix') return `unix:${host}`
  const nth = index === 0 ? '' : `#${index}`
  if (kind === 'systemd') return `systemd:${host}${nth}`
  const protocol = ipv6Only ? `${kind}6` : kind
  const canonical = host === null || isIP(host) === 0 ? host : canonicalHost(host)
  return `${protocol}:${formatHostPort(canonical, port)}${port === 0 ? nth : ''}`
}

/** @param ipv6Only the setting `socket.ipv6Only`, which is for addresses written as IPv6 */
export function queryOf(address: ListenAddress, ipv6Only: boolean, index = 0): ListenQuery {
  const common = { backlog: null, index }
  switch (address.kind) {
    case 'tcp': {
      const isV6 = address.host !== null && isIPv6(address.host)
      return { ...common, kind: 'tcp', host: address.host, port: address.port, ipv6Only: ipv6Only && isV6 }
    }
    case 'unix':
      return { ...common, kind: 'unix', host: address.path, port: 0, ipv6Only: false }
    case 'systemd':
      return { ...common, kind: 'systemd', host: address.name, port: 0, ipv6Only: false }
    default:
      return assertNever(address)
  }
}

/**
 * What `listen` asks for. Port 0 and a name of systemd may be there several times: the second is the second such socket.
 * @param listen addresses that were found right when the settings were loaded
 */
export function queriesOf(listen: readonly string[], ipv6Only: boolean): ListenQuery[] {
  const counts = new Map<SocketKey, number>()
  return listen.map((text) => {
    const address = parseAddress(text)
    if (isAddressProblem(address)) throw new Error(`${text} ${address.problem}`)
    const first = keyOf(queryOf(address, ipv6Only))
    const index = counts.get(first) ?? 0
    counts.set(first, index + 1)
    return queryOf(address, ipv6Only, index)
  })
}
