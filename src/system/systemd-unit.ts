/**
 * Which service of systemd a process is the main process of. Three signs together: systemd itself started it, gave it
 * an invocation id, and put it into the control group of a service. Each alone is inherited by what a person starts.
 */
import { readText } from './cgroup.ts'
import { readEnvironment, readStat } from './proc.ts'

export interface Unit {
  /** `thumbs.service` */
  readonly name: string
  /** Of the service manager of a user: `systemctl --user`. */
  readonly ofUser: boolean
}

export interface ProcessFacts {
  /** `KEY=value` */
  readonly environment: readonly string[]
  /** Text of /proc/PID/cgroup. */
  readonly membership: string
  readonly parentComm: string
}

/** @returns null when it is none, or not ours to look at */
export function findUnit(pid: number): Unit | null {
  const environment = readEnvironment(pid)
  const parentPid = readStat(pid)?.parentPid
  const parentComm = parentPid === undefined ? undefined : readStat(parentPid)?.comm
  if (environment === null || parentComm === undefined) return null
  return unitOf({ environment, membership: readText(`/proc/${pid}/cgroup`) ?? '', parentComm })
}

export function unitOf({ environment, membership, parentComm }: ProcessFacts): Unit | null {
  if (parentComm !== 'systemd' || !environment.some((entry) => entry.startsWith('INVOCATION_ID='))) return null
  const path = /^(?:0:|\d+:name=systemd):(\/.+)$/m.exec(membership)?.[1] ?? ''
  const units = path.split('/').filter((part) => /\.(service|scope|slice)$/.test(part))
  const name = units.at(-1)
  if (name === undefined || !name.endsWith('.service')) return null
  return { name, ofUser: units.some((unit) => unit !== name && /^user@\d+\.service$/.test(unit)) }
}
