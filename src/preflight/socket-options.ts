/** Settings of sockets that host and user must allow: how many connections may wait, and whom a unix socket is given to. */
import { readFileSync } from 'node:fs'
import { errnoOf } from '../errors.ts'
import { findOwner, type Owner } from '../system/owner.ts'
import type { PreflightContext } from './context.ts'
import { type Finding, failure, warning } from './finding.ts'

const CHECK = 'listen'
const SOMAXCONN = '/proc/sys/net/core/somaxconn'
const SOMAXCONN_USUAL = 4096

export function assessBacklog(backlog: number, kernelLimit: number): Finding[] {
  if (backlog <= kernelLimit) return []
  const message = `socket.backlog is ${backlog}, and this kernel keeps ${kernelLimit} connections waiting at most`
  return [warning(CHECK, message, `Run: sysctl net.core.somaxconn=${backlog}`)]
}

/** @param groups of this user */
export function assessOwner(owner: Owner | { problem: string }, uid: number, groups: readonly number[]): Finding[] {
  const advice = 'Change socket.owner, or make the user or group'
  if ('problem' in owner) return [failure(CHECK, `socket.owner cannot be obeyed: ${owner.problem}`, advice)]
  if (uid === 0) return []
  const isOwn = owner.uid === -1 || owner.uid === uid
  if (isOwn && (owner.gid === -1 || groups.includes(owner.gid))) return []
  const message = 'socket.owner cannot be obeyed: a user may give a socket only to a group of their own'
  return [failure(CHECK, message, 'Use :group with a group of this user, or start it as root')]
}

/** A number of the kernel. @param otherwise where it is hidden, or not there */
export function readNumber(path: string, otherwise: number): number {
  try {
    return Number(readFileSync(path, 'latin1'))
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return otherwise
  }
}

export function checkSocketOptions({ loaded, launch, uid }: PreflightContext): Finding[] {
  const { listen, 'socket.backlog': backlog, 'socket.owner': owner } = loaded.settings
  const isServing = listen.length > 0 || launch.service !== null
  return [
    ...(isServing ? assessBacklog(backlog, readNumber(SOMAXCONN, SOMAXCONN_USUAL)) : []),
    ...(owner === null ? [] : assessOwner(findOwner(owner), uid, process.getgroups?.() ?? [])),
  ]
}
