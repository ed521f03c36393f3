/** Users and groups by name, as the host knows them: files, LDAP, systemd, whatever nsswitch.conf(5) says. */
import { libc, readUInt32 } from './libc.ts'

export interface Owner {
  /** -1: as it is, the convention of chown(2). */
  readonly uid: number
  readonly gid: number
}

/** struct passwd and struct group have name and password, then the id. */
const ID_OFFSET = 16
const AS_IT_IS = -1
/** `user`, `user:group` or `:group`. */
const OWNER_PATTERN = /^(?:[^:\s]+(?::[^:\s]+)?|:[^:\s]+)$/

/** Whether it is written as an owner is; who that is shows only the host. */
export function isOwnerText(text: string): boolean {
  return OWNER_PATTERN.test(text)
}

/**
 * @param text `user`, `user:group` or `:group`; names or numbers
 * @returns the word that is no user or group here, in a sentence, when one is not
 */
export function findOwner(text: string): Owner | { readonly problem: string } {
  if (!isOwnerText(text)) return { problem: `"${text}" is not user, user:group or :group` }
  const [user = '', group = ''] = text.split(':')
  const uid = user === '' ? AS_IT_IS : findId(user, 'getpwnam')
  if (uid === null) return { problem: `there is no user ${user}` }
  const gid = group === '' ? AS_IT_IS : findId(group, 'getgrnam')
  return gid === null ? { problem: `there is no group ${group}` } : { uid, gid }
}

function findId(name: string, lookup: 'getpwnam' | 'getgrnam'): number | null {
  if (/^\d{1,9}$/.test(name)) return Number(name)
  const entry = libc()[lookup](Buffer.from(`${name}\0`))
  return entry === 0n ? null : readUInt32(entry, ID_OFFSET)
}
