/**
 * A unix socket that clients of a service connect to. Its file is left behind by whoever is killed, so one that
 * nobody listens on is replaced; what is no socket is never touched.
 */
import { lchownSync, lstatSync, rmSync, unlinkSync } from 'node:fs'
import { constants } from 'node:os'
import { errnoOf, messageOf } from '../errors.ts'
import { withMode } from './exact-mode.ts'
import { SystemCallError } from './libc.ts'
import { findOwner } from './owner.ts'
import { bindSocket, closeDescriptor, listenOn, probeUnix, SOCK_STREAM } from './socket-calls.ts'

export interface UnixSocketOptions {
  readonly backlog: number
  /** Permissions, 0o660 for example. */
  readonly mode: number
  /** `user`, `user:group` or `:group`; null for ours. */
  readonly owner: string | null
}

/** A file that is the very one that was made, whatever lies at its path later. */
export interface OwnFile {
  readonly path: string
  readonly device: number
  readonly inode: number
}

const { EADDRINUSE, EAGAIN, ECONNREFUSED, EINVAL, ENOENT, EPROTOTYPE } = constants.errno

/** @param path absolute @returns a listening socket and its file @throws SystemCallError, or an error of the system */
export function bindUnix(path: string, options: UnixSocketOptions): { descriptor: number; file: OwnFile } {
  clearPath(path)
  const descriptor = withMode(options.mode, () => bindSocket(SOCK_STREAM, { kind: 'unix', path }, path))
  try {
    if (options.owner !== null) giveTo(options.owner, path) // before anybody can connect
    listenOn(descriptor, options.backlog, path)
    const { dev, ino } = lstatSync(path)
    return { descriptor, file: { path, device: dev, inode: ino } }
  } catch (error) {
    closeDescriptor(descriptor)
    rmSync(path, { force: true })
    throw error
  }
}

/** @throws SystemCallError EADDRINUSE when somebody listens there, or something else is there */
function clearPath(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return
  if (!stat.isSocket()) throw new SystemCallError('bind', EADDRINUSE, `${path} (which is there, and no socket)`)
  if (isUnixSocketLive(path)) throw new SystemCallError('bind', EADDRINUSE, path)
  rmSync(path, { force: true })
}

/** Whether somebody listens on the socket at a path. @throws SystemCallError when that cannot be told (EACCES) */
export function isUnixSocketLive(path: string): boolean {
  const code = probeUnix(path)
  if (code === ECONNREFUSED || code === ENOENT) return false
  if (code === 0 || code === EAGAIN || code === EPROTOTYPE) return true // EPROTOTYPE: a socket of datagrams
  throw new SystemCallError('connect', code, path)
}

function giveTo(name: string, path: string): void {
  const owner = findOwner(name)
  if ('problem' in owner) throw new SystemCallError('chown', EINVAL, `${path} (${owner.problem})`)
  lchownSync(path, owner.uid, owner.gid)
}

/** Removes the file if it is still the one that was made. Never throws. @returns why it may be left; null when it is not */
export function removeOwnFile({ path, device, inode }: OwnFile): string | null {
  try {
    const stat = lstatSync(path)
    if (stat.dev === device && stat.ino === inode) unlinkSync(path)
    return null
  } catch (error) {
    return errnoOf(error) === 'ENOENT' ? null : messageOf(error) // ENOENT: somebody else removed it
  }
}
