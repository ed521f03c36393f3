/** The settings of sockets, as far as they can be judged without the host: how addresses and owner are written. */
import { isIPv4 } from 'node:net'
import type { Finding } from '../preflight/finding.ts'
import {
  type AddressProblem,
  formatAddress,
  isAddressProblem,
  type ListenAddress,
  parseAddress,
} from '../system/address.ts'
import { isOwnerText } from '../system/owner.ts'
import { locate } from './combination.ts'
import type { Origin, Origins } from './effective.ts'
import type { Settings } from './table.ts'

/** The check that a finding belongs to, by where the value came from: a wrong flag is wrong usage. */
const CHECKS = { default: 'settings', file: 'settings', environment: 'environment', flag: 'flag' } as const

function refuse(name: string, origin: Origin, problem: string, advice: string): Finding {
  const subject = origin.source === 'environment' ? origin.where : name
  const message = `${subject}: ${problem}`
  return { level: 'failure', check: CHECKS[origin.source], message, advice, ...locate(origin) }
}

/** Whether both take connections to the same address. @param ipv6Only whether `[::]` leaves IPv4 out */
function overlap(one: ListenAddress, other: ListenAddress, ipv6Only: boolean): boolean {
  if (one.kind === 'unix') return other.kind === 'unix' && one.path === other.path
  if (one.kind !== 'tcp' || other.kind !== 'tcp') return false
  if (one.port !== other.port || one.port === 0) return false
  return one.host === other.host || covers(one.host, other.host, ipv6Only) || covers(other.host, one.host, ipv6Only)
}

function covers(host: string | null, other: string | null, ipv6Only: boolean): boolean {
  if (host === null) return true
  if (host === '::') return other === null || !ipv6Only || !isIPv4(other)
  return host === '0.0.0.0' && (other === null || isIPv4(other))
}

/** @returns null when it is none */
function parseUrl(text: string): AddressProblem | null {
  const [, scheme = '', inner = ''] = /^([a-z]+:\/\/)([^/]*)/.exec(text) ?? []
  if (scheme === '' || scheme === 'unix://') return null
  const address = parseAddress(inner)
  const advice = isAddressProblem(address) ? address.advice : `Write ${inner}, without ${scheme}`
  return { problem: 'is a URL, not an address to listen on', advice }
}

function checkAddresses({ listen, 'socket.ipv6Only': ipv6Only }: Settings, origin: Origin): Finding[] {
  const findings: Finding[] = []
  const right: ListenAddress[] = []
  for (const text of listen) {
    const address = parseUrl(text) ?? parseAddress(text)
    if (isAddressProblem(address)) {
      findings.push(refuse('listen', origin, `${text === '' ? '""' : text} ${address.problem}`, address.advice))
      continue
    }
    const earlier = right.find((one) => overlap(one, address, ipv6Only))
    if (earlier !== undefined) {
      const same = formatAddress(earlier) === formatAddress(address)
      const problem = same ? `${text} is there twice` : `${formatAddress(earlier)} and ${text} overlap`
      findings.push(refuse('listen', origin, problem, 'Remove one of them'))
    }
    right.push(address)
  }
  return findings
}

/** @returns a finding for each address and owner that cannot be, at the place where the setting comes from */
export function checkListen(settings: Settings, origins: Origins): Finding[] {
  const findings = checkAddresses(settings, origins.listen)
  const owner = settings['socket.owner']
  if (owner === null || isOwnerText(owner)) return findings
  const advice = 'Write user, user:group or :group'
  return [...findings, refuse('socket.owner', origins['socket.owner'], `"${owner}" is no owner of a file`, advice)]
}
