/**
 * Calls on sockets by descriptor, for what Node has no words for: a socket that is bound and not accepted on, or
 * accepted on until nothing waits. What they make is close-on-exec and does not block.
 */
import { closeSync } from 'node:fs'
import { constants } from 'node:os'
import { check, errno, libc, SystemCallError } from './libc.ts'
import {
  AF_INET6,
  AF_UNIX,
  decodeSockaddr,
  type Endpoint,
  encodeSockaddr,
  familyOf,
  SOCKADDR_SIZE,
} from './sockaddr.ts'

export const SOCK_STREAM = 1
export const SOCK_DGRAM = 2
export const SOCK_SEQPACKET = 5
export const SOCK_NONBLOCK = 0o4000
export const SOCK_CLOEXEC = 0o2000000

const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SO_TYPE = 3
const SO_REUSEPORT = 15
const SO_ACCEPTCONN = 30
const IPPROTO_IPV6 = 41
const IPV6_V6ONLY = 26

const F_GETFL = 3
const F_SETFL = 4
const F_DUPFD_CLOEXEC = 1030

const { EAGAIN, EMFILE, ENFILE, ENOBUFS, ENOMEM, EBADF, EINVAL, ENOTSOCK, ENOTCONN } = constants.errno

export type SocketType = typeof SOCK_STREAM | typeof SOCK_DGRAM

export interface SocketOptions {
  /** Bind although connections of an earlier socket are in TIME_WAIT. */
  readonly reuseAddress?: boolean
  /** Share the port with others of this user that do so too. */
  readonly reusePort?: boolean
  /** Of an IPv6 socket: leave IPv4 out. */
  readonly ipv6Only?: boolean
}

/** @param shown the address in messages @returns a socket bound to an endpoint. @throws SystemCallError */
export function bindSocket(type: SocketType, endpoint: Endpoint, shown: string, options: SocketOptions = {}): number {
  const family = familyOf(endpoint)
  const descriptor = check(libc().socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), 'socket', shown)
  try {
    if (options.reuseAddress) setOption(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
    if (options.reusePort) setOption(descriptor, SOL_SOCKET, SO_REUSEPORT, 1)
    if (family === AF_INET6) setOption(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, options.ipv6Only ? 1 : 0)
    const address = encodeSockaddr(endpoint)
    check(libc().bind(descriptor, address, address.length), 'bind', shown)
    return descriptor
  } catch (error) {
    closeDescriptor(descriptor)
    throw error
  }
}

function setOption(descriptor: number, level: number, option: number, value: number): void {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  check(libc().setsockopt(descriptor, level, option, bytes, bytes.length), 'setsockopt')
}

/** @param backlog connections that may wait; the kernel caps it at net.core.somaxconn @throws SystemCallError */
export function listenOn(descriptor: number, backlog: number, shown: string): void {
  check(libc().listen(descriptor, backlog), 'listen', shown)
}

/**
 * Tries to connect to a unix socket, which tells whether anybody listens there.
 * @returns 0, or the errno: ECONNREFUSED when nobody does, EAGAIN when too many wait
 */
export function probeUnix(path: string): number {
  const endpoint: Endpoint = { kind: 'unix', path }
  const flags = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK
  const descriptor = check(libc().socket(familyOf(endpoint), flags, 0), 'socket', path)
  const address = encodeSockaddr(endpoint)
  const code = libc().connect(descriptor, address, address.length) === 0 ? 0 : errno()
  closeDescriptor(descriptor)
  return code
}

/** @returns what a socket is bound to; null for a family that is neither IP nor unix @throws SystemCallError */
export function localEndpoint(descriptor: number): Endpoint | null {
  const bytes = Buffer.alloc(SOCKADDR_SIZE)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(bytes.length)
  check(libc().getsockname(descriptor, bytes, length), 'getsockname')
  return decodeSockaddr(bytes, length.readUInt32LE())
}

export interface SocketFacts {
  readonly isStream: boolean
  readonly isListening: boolean
  readonly endpoint: Endpoint | null
}

/** @returns null for a descriptor that is closed, or no socket */
export function describeSocket(descriptor: number): SocketFacts | null {
  const type = readOption(descriptor, SO_TYPE)
  const listening = readOption(descriptor, SO_ACCEPTCONN)
  if (type === null || listening === null) return null
  return { isStream: type === SOCK_STREAM, isListening: listening !== 0, endpoint: localEndpoint(descriptor) }
}

function readOption(descriptor: number, option: number): number | null {
  const value = Buffer.alloc(4)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(value.length)
  if (libc().getsockopt(descriptor, SOL_SOCKET, option, value, length) === 0) return value.readInt32LE()
  const code = errno()
  if (code === EBADF || code === ENOTSOCK) return null
  throw new SystemCallError('getsockopt', code)
}

/** What no later accept can cure, or only when something else gives way. Anything else is the fault of one connection. */
const ENDS_ACCEPTING = [EAGAIN, EMFILE, ENFILE, ENOBUFS, ENOMEM, EBADF, EINVAL, ENOTSOCK, ENOTCONN]

/**
 * Accepts whatever waits in the queue of a listening socket, which must not block.
 * @returns connected descriptors, the caller's to close; fewer than wait when no more files may be open
 */
export function acceptWaiting(descriptor: number): number[] {
  const accepted: number[] = []
  for (;;) {
    const connection = libc().accept4(descriptor, 0n, 0n, SOCK_CLOEXEC | SOCK_NONBLOCK)
    if (connection >= 0) accepted.push(connection)
    else if (ENDS_ACCEPTING.includes(errno())) return accepted
  }
}

/** @returns another descriptor of the same open file, the caller's to close @throws SystemCallError */
export function duplicateDescriptor(descriptor: number): number {
  return check(libc().fcntl(descriptor, F_DUPFD_CLOEXEC, 0), 'fcntl(F_DUPFD_CLOEXEC)')
}

/** Has calls on a descriptor that came from elsewhere return EAGAIN rather than wait. */
export function setNonBlocking(descriptor: number): void {
  const flags = check(libc().fcntl(descriptor, F_GETFL, 0), 'fcntl(F_GETFL)')
  check(libc().fcntl(descriptor, F_SETFL, flags | SOCK_NONBLOCK), 'fcntl(F_SETFL)')
}

/** Two sockets that are connected to each other. @throws SystemCallError */
export function createSocketPair(type: number): [number, number] {
  const pair = Buffer.alloc(8)
  check(libc().socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 'socketpair')
  return [pair.readInt32LE(0), pair.readInt32LE(4)]
}

/** A descriptor that is ours and that Node does not know. @throws an error of the system when it is not open */
export function closeDescriptor(descriptor: number): void {
  closeSync(descriptor)
}
