/**
 * Listening sockets that were open when this program was started: socket activation of systemd, sd_listen_fds(3). A
 * detached daemon gets them from the process that was started, through the one between.
 */
import { MydError } from '../errors.ts'
import { FD, type ListenQuery, SOCKETS_VARIABLE } from '../protocol.ts'
import { formatHostPort, type ListenAddress } from './address.ts'
import type { Endpoint } from './sockaddr.ts'
import { describeSocket, setNonBlocking } from './socket-calls.ts'

export interface InheritedSocket {
  readonly descriptor: number
  /** FileDescriptorName= of the socket unit; several may have the same. */
  readonly name: string
  readonly address: Exclude<ListenAddress, { kind: 'systemd' }>
}

type Environment = Record<string, string | undefined>

const VARIABLES = ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES'] as const
const FIRST_DESCRIPTOR = 3
/** What systemd calls a socket that it was told no name of. */
const NO_NAME = 'unknown'
const COUNT_MAX = 1024

/**
 * Takes what systemd passed to this very process, and the variables that say so out of the environment: they are for
 * nobody else. @param pid of this process @returns none when it was passed to another, or not at all
 * @throws MydError when what was passed cannot be listened on
 */
export function takeInheritedSockets(environment: Environment, pid: number): InheritedSocket[] {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = environment
  for (const variable of VARIABLES) delete environment[variable]
  if (LISTEN_PID === undefined || LISTEN_FDS === undefined) return []
  if (!/^\d+$/.test(LISTEN_PID)) throw malformed(`LISTEN_PID is "${LISTEN_PID}", no process id`)
  if (Number(LISTEN_PID) !== pid) return []
  const count = /^\d+$/.test(LISTEN_FDS) ? Number(LISTEN_FDS) : 0
  if (count < 1 || count > COUNT_MAX) throw malformed(`LISTEN_FDS is "${LISTEN_FDS}", no number of sockets`)
  const names = LISTEN_FDNAMES?.split(':') ?? new Array<string>(count).fill(NO_NAME)
  if (names.length !== count) throw malformed(`LISTEN_FDNAMES has ${names.length} names for ${count} sockets`)
  return names.map((name, index) => inspect(FIRST_DESCRIPTOR + index, name))
}

/** What a detached daemon, or the process between, was passed by ours. @throws MydError */
export function adoptInheritedSockets(environment: Environment): InheritedSocket[] {
  const names = environment[SOCKETS_VARIABLE]
  delete environment[SOCKETS_VARIABLE]
  return names === undefined ? [] : names.split(':').map((name, index) => inspect(FD.sockets + index, name))
}

/** The value of SOCKETS_VARIABLE for a process that is started with the sockets from FD.sockets on. */
export function nameInheritedSockets(sockets: readonly InheritedSocket[]): string {
  return sockets.map(({ name }) => name).join(':')
}

function malformed(message: string): MydError {
  return new MydError('START_FAILED', message, {
    hint: 'whoever starts this program sets it wrong; see sd_listen_fds(3)',
  })
}

function inspect(descriptor: number, name: string): InheritedSocket {
  const facts = describeSocket(descriptor)
  const address = facts?.isStream && facts.isListening ? addressOf(facts.endpoint) : null
  if (address !== null) {
    setNonBlocking(descriptor) // systemd leaves it as NonBlocking= says
    return { descriptor, name, address }
  }
  const what = facts === null ? 'is no socket' : 'is no listening TCP or unix socket'
  throw new MydError('START_FAILED', `descriptor ${descriptor} ("${name}"), which was passed to listen on, ${what}`, {
    hint: 'use ListenStream= and Accept=no in the socket unit',
  })
}

function addressOf(endpoint: Endpoint | null): InheritedSocket['address'] | null {
  if (endpoint === null) return null
  if (endpoint.kind === 'ip') return { kind: 'tcp', host: endpoint.host, port: endpoint.port }
  return { kind: 'unix', path: endpoint.path.replace(/^\0/, '@') }
}

/** `web (127.0.0.1:8080)`. */
export function describeInherited({ name, address }: InheritedSocket): string {
  return `${name} (${address.kind === 'unix' ? address.path : formatHostPort(address.host, address.port)})`
}

/** Whether a socket that was passed is what is asked for; one for all IPv4 addresses is enough for "any". */
export function isServedBy({ kind, host, port }: ListenQuery, { address }: InheritedSocket): boolean {
  if (address.kind === 'unix') return kind === 'unix' && address.path === host
  if (kind !== 'tcp' || port !== address.port) return false
  return address.host === host || (host === null && (address.host === '::' || address.host === '0.0.0.0'))
}
