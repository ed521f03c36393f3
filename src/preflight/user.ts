/** Whom workers and jobs run as. Dropping privileges is not built yet, and nothing may silently run as root instead. */
import type { PreflightContext } from './context.ts'
import { type Finding, failure, ok, warning } from './finding.ts'

export function assessUser(user: string | null, group: string | null, uid: number): Finding {
  const set = [user === null ? '' : `user = ${user}`, group === null ? '' : `group = ${group}`].filter(
    (text) => text !== '',
  )
  if (set.length > 0) {
    const message = `${set.join(' and ')} cannot be obeyed: this version does not change its user`
    return failure(
      'user',
      message,
      `Remove it, and start the program as ${user ?? 'that user'} (su, setpriv, User= of systemd)`,
    )
  }
  if (uid !== 0) return ok('user', `runs as uid ${uid}`)
  return warning(
    'user',
    'runs as root, workers and jobs too',
    'Start it as a user of its own (su, setpriv, User= of systemd)',
  )
}

export function checkUser({ loaded, uid }: PreflightContext): Finding[] {
  return [assessUser(loaded.settings.user, loaded.settings.group, uid)]
}
