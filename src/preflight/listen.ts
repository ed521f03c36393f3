/**
 * What the instance is to listen on: can it be had? An address that this very instance holds is fine, and so is one
 * that an earlier run of it left behind, which a start ends.
 */
import { accessSync, constants, lstatSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { dirname } from 'node:path'
import { assertNever, errnoOf } from '../errors.ts'
import { INSTANCE_VARIABLE } from '../protocol.ts'
import { formatAddress, isAddressProblem, type ListenAddress, parseAddress, queryOf } from '../system/address.ts'
import { probeTcp } from '../system/bind-ip.ts'
import { isUnixSocketLive } from '../system/bind-unix.ts'
import { findListeners, type Listener } from '../system/find-listener.ts'
import { describeInherited, type InheritedSocket, isServedBy } from '../system/inherited-sockets.ts'
import { readEnvironment, readStat } from '../system/proc.ts'
import { isUp, type PreflightContext } from './context.ts'
import { type Finding, failure, ok } from './finding.ts'
import { statIfPresent } from './nearest-existing.ts'
import { checkSocketOptions, readNumber } from './socket-options.ts'

const CHECK = 'listen'
/** Of this host, in an advice. */
const ADDRESSES_SHOWN = 6
const UNPRIVILEGED_PORT = '/proc/sys/net/ipv4/ip_unprivileged_port_start'

const held = (address: string) => ok(CHECK, `listens on ${address}`)

/** Why an address cannot be had, by the errno of the attempt. @param firstFreePort below it ports are for root */
export function assessBind(
  address: string,
  errno: string | null,
  firstFreePort: number,
  own: readonly string[],
): Finding {
  switch (errno) {
    case null:
      return held(address)
    case 'EACCES': {
      const ways = `AmbientCapabilities=CAP_NET_BIND_SERVICE of systemd, sysctl net.ipv4.ip_unprivileged_port_start`
      const message = `${address} cannot be had: ports below ${firstFreePort} are for root and CAP_NET_BIND_SERVICE`
      return failure(CHECK, message, `Choose a higher port, or allow it (${ways})`)
    }
    case 'EADDRNOTAVAIL':
      return failure(CHECK, `${address} is no address of this host`, `Use one of ${own.join(', ')}, or * for all`)
    case 'EAFNOSUPPORT':
      return failure(CHECK, `${address} cannot be had: this host has no IPv6`, 'Use an IPv4 address, or * for all')
    default:
      return failure(CHECK, `${address} cannot be had: ${errno}`, 'Choose another address')
  }
}

/** Somebody has it. @param holders as far as this user may know them @param isOurs whether a process is one of this instance */
export function assessTaken(address: string, holders: readonly Listener[], isOurs: (pid: number) => boolean): Finding {
  const others = holders.filter(({ pid }) => !isOurs(pid))
  if (holders.length > 0 && others.length === 0) return held(address)
  const [first, ...more] = others
  const who = first === undefined ? 'another program' : `${first.comm} (pid ${first.pid})`
  const count = more.length === 0 ? '' : ` and ${more.length} more`
  return failure(CHECK, `${address} is in use by ${who}${count}`, 'End that program, or choose another address')
}

/** @param inherited undefined where nobody knows yet what systemd will pass */
export function assessNamed(name: string, inherited: readonly InheritedSocket[] | undefined): Finding {
  const address = `systemd:${name}`
  if (inherited === undefined) return ok(CHECK, `listens on ${address}, when systemd starts it`)
  const found = inherited.find((socket) => socket.name === name)
  if (found !== undefined) return held(`systemd:${describeInherited(found)}`)
  const passed = inherited.length === 0 ? 'none' : inherited.map(describeInherited).join(', ')
  const advice = `Set FileDescriptorName=${name} in the socket unit, and start it by systemd`
  return failure(CHECK, `systemd passed no socket named ${name} (passed: ${passed})`, advice)
}

/** Processes of this instance, and what an earlier run of it left. */
function isOursIn({ instance, start }: PreflightContext): (pid: number) => boolean {
  const master = 'pid' in instance ? instance.pid : null
  const mark = start?.instanceName ? `${INSTANCE_VARIABLE}=${start.instanceName}` : null
  return (pid) => {
    if (master !== null && (pid === master || readStat(pid)?.parentPid === master)) return true
    return mark !== null && readEnvironment(pid)?.includes(mark) === true
  }
}

/** Whoever has it is looked for; where the instance is up and nobody can be seen, it is the one. */
function checkTaken(address: ListenAddress, context: PreflightContext): Finding {
  const holders = findListeners(address)
  if (holders.length === 0 && isUp(context)) return held(formatAddress(address))
  return assessTaken(formatAddress(address), holders, isOursIn(context))
}

function checkTcp(address: Extract<ListenAddress, { kind: 'tcp' }>, context: PreflightContext): Finding {
  const shown = formatAddress(address)
  const attempt = tryBind(() => probeTcp(queryOf(address, context.loaded.settings['socket.ipv6Only'])))
  if (attempt === 'EADDRINUSE') return checkTaken(address, context)
  const own = Object.values(networkInterfaces()).flatMap((list) => list?.map((one) => one.address) ?? [])
  return assessBind(shown, attempt, readNumber(UNPRIVILEGED_PORT, 1024), own.slice(0, ADDRESSES_SHOWN))
}

/** @returns the errno's name, or null when it can be had */
function tryBind(probe: () => void): string | null {
  try {
    probe()
    return null
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === undefined) throw error
    return errno
  }
}

function checkUnix(address: Extract<ListenAddress, { kind: 'unix' }>, context: PreflightContext): Finding {
  const { path } = address
  const directory = dirname(path)
  if (statIfPresent(directory)?.isDirectory() !== true) {
    return failure(
      CHECK,
      `${path}: there is no directory ${directory}`,
      `Make it for this user, or choose another path`,
    )
  }
  const refused = tryBind(() => accessSync(directory, constants.W_OK | constants.X_OK))
  if (refused !== null) {
    const message = `${path}: the directory ${directory} cannot be written by this user (${refused})`
    return failure(CHECK, message, 'Make it writable, or choose another path')
  }
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return held(path)
  if (!stat.isSocket()) return failure(CHECK, `${path} is there, and no socket`, 'Move it away, or choose another path')
  let isLive = true
  const hidden = tryBind(() => {
    isLive = isUnixSocketLive(path)
  })
  if (hidden !== null) return failure(CHECK, `${path} is there, and not ours (${hidden})`, 'Choose another path')
  return isLive ? checkTaken(address, context) : held(path)
}

function checkAddress(address: ListenAddress, context: PreflightContext): Finding {
  const inherited = context.start?.inherited
  switch (address.kind) {
    case 'systemd':
      return assessNamed(address.name, inherited)
    case 'tcp':
    case 'unix': {
      const passed = inherited?.find((socket) => isServedBy(queryOf(address, false), socket))
      if (passed !== undefined) return held(`systemd:${describeInherited(passed)}`)
      return address.kind === 'tcp' ? checkTcp(address, context) : checkUnix(address, context)
    }
    default:
      return assertNever(address)
  }
}

export function checkListen(context: PreflightContext): Finding[] {
  const findings = context.loaded.settings.listen.flatMap((text) => {
    const address = parseAddress(text)
    return isAddressProblem(address) ? [] : [checkAddress(address, context)] // the check of the settings told it
  })
  return [...findings, ...checkSocketOptions(context)]
}
