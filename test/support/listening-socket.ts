/** Listening sockets as the kernel knows them, and addresses for tests that nobody else uses. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { monotonicMicroseconds } from '../../src/clock.ts'
import { errnoOf } from '../../src/errors.ts'
import { createRandom } from './random.ts'

export interface ListeningSocket {
  readonly port: number
  readonly inode: number
}

const LISTEN = '0A'
// Below the ports that the kernel gives to clients, of which a load has thousands.
const LOWEST_PORT = 10_000
const HIGHEST_PORT = 32_000

/** TCP sockets that listen and that a process has open, in the order of their inodes. */
export function listListening(pid: number): ListeningSocket[] {
  const open = new Set(listInodes(pid))
  return ['tcp', 'tcp6']
    .flatMap((table) => readFileSync(`/proc/${pid}/net/${table}`, 'utf8').trim().split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === LISTEN && open.has(Number(fields[9])))
    .map((fields) => ({ port: Number.parseInt(fields[1]!.split(':')[1]!, 16), inode: Number(fields[9]) }))
    .sort((one, other) => one.inode - other.inode)
}

/** Inodes of the sockets that a process has open. */
function listInodes(pid: number): number[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    const inode = /^socket:\[(\d+)\]$/.exec(readDescriptor(pid, fd))?.[1]
    return inode === undefined ? [] : [Number(inode)]
  })
}

function readDescriptor(pid: number, fd: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return '' // closed meanwhile
    throw error
  }
}

/** A port of the loopback addresses that nobody listens on. */
export async function findFreePort(): Promise<number> {
  const random = createRandom(process.pid * 7919 + monotonicMicroseconds())
  for (;;) {
    const port = LOWEST_PORT + random.below(HIGHEST_PORT - LOWEST_PORT)
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '::', () => server.close(() => resolve(true)))
  })
}
