/** Who listens on an address, as far as /proc tells this user. See proc_net(5). */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { isIPv4 } from 'node:net'
import { errnoOf } from '../errors.ts'
import type { ListenAddress } from './address.ts'
import { listPids, readStat } from './proc.ts'
import { canonicalHost } from './sockaddr.ts'

export interface Listener {
  readonly pid: number
  readonly comm: string
}

export interface ListeningSocket {
  readonly host: string
  readonly port: number
  readonly inode: string
}

const LISTEN = '0A'
/** __SO_ACCEPTCON in the flags of /proc/net/unix. */
const UNIX_LISTEN = 0x10000
/** What is looked at on a host with very many processes and files. */
const LOOKS_MAX = 100_000

/** `0100007F` → `127.0.0.1`: words of four bytes in the order of this (little-endian) processor. */
function parseHost(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, 'hex').reverse()])
  if (bytes.length === 4) return bytes.join('.')
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  )
  return canonicalHost(groups.join(':'))
}

/** @param table text of /proc/net/tcp or tcp6 */
export function parseListening(table: string): ListeningSocket[] {
  return table.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/)
    const [host = '', port = ''] = fields[1]?.split(':') ?? []
    if (fields[3] !== LISTEN) return []
    return [{ host: parseHost(host), port: Number.parseInt(port, 16), inode: fields[9] ?? '' }]
  })
}

/** @param table text of /proc/net/unix @returns inodes of sockets that listen at a path */
export function parseListeningUnix(table: string, path: string): string[] {
  return table.split('\n').flatMap((line) => {
    const [, flags = '', inode = '', at] = /^\S+ \S+ \S+ (\S+) \S+ \S+ +(\d+) (.*)$/.exec(line) ?? []
    return at === path && (Number.parseInt(flags, 16) & UNIX_LISTEN) !== 0 ? [inode] : []
  })
}

/** Whether a socket stands in the way of one for this host; null is any. */
function isInTheWay(host: string, wanted: string | null): boolean {
  if (wanted === null || wanted === '::' || host === wanted || host === '::') return true
  return isIPv4(host) && isIPv4(wanted) && (host === '0.0.0.0' || wanted === '0.0.0.0')
}

function findInodes(address: ListenAddress): string[] {
  if (address.kind === 'systemd') return []
  if (address.kind === 'unix') return parseListeningUnix(readTable('unix'), address.path)
  const sockets = [...parseListening(readTable('tcp')), ...parseListening(readTable('tcp6'))]
  return sockets
    .filter(({ host, port }) => port === address.port && isInTheWay(host, address.host))
    .map(({ inode }) => inode)
}

function readTable(name: string): string {
  try {
    return readFileSync(`/proc/net/${name}`, 'latin1')
  } catch {
    return '' // no IPv6, or hidden: then nobody is found
  }
}

/**
 * @returns processes that have a socket open which listens there, lowest pid first; none when they are hidden from this
 *   user, or too many files are open on this host to look at them all
 */
export function findListeners(address: ListenAddress): Listener[] {
  const wanted = new Set(findInodes(address).map((inode) => `socket:[${inode}]`))
  if (wanted.size === 0) return []
  let looks = 0
  return listPids().flatMap((pid) => {
    const has = listDescriptors(pid).some((descriptor) => {
      looks += 1
      return looks <= LOOKS_MAX && wanted.has(readLink(`/proc/${pid}/fd/${descriptor}`))
    })
    const stat = has ? readStat(pid) : null
    return stat === null ? [] : [{ pid, comm: stat.comm }]
  })
}

const UNREADABLE = ['ENOENT', 'ESRCH', 'EACCES', 'EPERM']

function listDescriptors(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`)
  } catch (error) {
    if (UNREADABLE.includes(errnoOf(error) ?? '')) return [] // gone, or somebody else's
    throw error
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path)
  } catch (error) {
    if (UNREADABLE.includes(errnoOf(error) ?? '')) return ''
    throw error
  }
}
