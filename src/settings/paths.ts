/**
 * Where the files of an instance lie. What is set by name wins, then the home, then what systemd made for the
 * service, then the usual places of the user. Pure but for the arithmetic of paths.
 */
import { join } from 'node:path'
import type { Finding } from '../preflight/finding.ts'
import type { InstancePaths } from '../protocol.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface Place {
  readonly name: string
  readonly uid: number
  readonly environment: Environment
  /** Absolute, or null when not set. */
  readonly home: string | null
}

export interface Directories {
  readonly runDirectory: string | null
  readonly logDirectory: string | null
  readonly stateDirectory: string | null
}

/** sizeof(sockaddr_un.sun_path) without the zero byte at its end. */
export const SOCKET_PATH_LIMIT_BYTES = 107

/** Stands where no directory is known; a finding says so and nothing is started. */
const NOWHERE = '/nonexistent'

/** An absolute path from a variable; systemd gives several with colons between, the first is ours. */
function absolute(value: string | undefined): string | null {
  const first = value?.split(':')[0] ?? ''
  return first.startsWith('/') ? first : null
}

/** A directory of the XDG base directory specification; relative ones are to be ignored. */
function xdgDirectory(environment: Environment, variable: string, fallback: string): string | null {
  const home = absolute(environment.HOME)
  return absolute(environment[variable]) ?? (home === null ? null : join(home, fallback))
}

/** The file that is read when none is named, or null when no place for it is known. */
export function usualConfigFile({ name, uid, environment, home }: Place): string | null {
  const file = `${name}.toml`
  if (home !== null) return join(home, file)
  const bySystemd = absolute(environment.CONFIGURATION_DIRECTORY)
  if (bySystemd !== null) return join(bySystemd, file)
  if (uid === 0) return join('/etc', name, file)
  const configHome = xdgDirectory(environment, 'XDG_CONFIG_HOME', '.config')
  return configHome === null ? null : join(configHome, name, file)
}

interface Usual {
  readonly runDirectory: string
  readonly logDirectory: string
  readonly stateDirectory: string
}

function under(base: string): Usual {
  return { runDirectory: base, logDirectory: base, stateDirectory: join(base, 'state') }
}

function usualDirectories({ name, uid, environment, home }: Place): Usual {
  if (home !== null) return under(home)
  const stateHome = xdgDirectory(environment, 'XDG_STATE_HOME', '.local/state')
  const ofRoot = { runDirectory: `/run/${name}`, logDirectory: `/var/log/${name}`, stateDirectory: `/var/lib/${name}` }
  const ofUser = uid === 0 ? ofRoot : under(join(stateHome ?? NOWHERE, name))
  return {
    runDirectory: absolute(environment.RUNTIME_DIRECTORY) ?? ofUser.runDirectory,
    logDirectory: absolute(environment.LOGS_DIRECTORY) ?? ofUser.logDirectory,
    stateDirectory: absolute(environment.STATE_DIRECTORY) ?? ofUser.stateDirectory,
  }
}

/** @param set directories that a setting gives, absolute; null for the usual ones. */
export function resolvePaths(place: Place, set: Directories): InstancePaths {
  const usual = usualDirectories(place)
  const runDirectory = set.runDirectory ?? usual.runDirectory
  const logDirectory = set.logDirectory ?? usual.logDirectory
  const stateDirectory = set.stateDirectory ?? usual.stateDirectory
  const inRun = (suffix: string) => join(runDirectory, `${place.name}.${suffix}`)
  return {
    runDirectory,
    logDirectory,
    stateDirectory,
    lock: inRun('lock'),
    pidfile: inRun('pid'),
    launch: inRun('launch.json'),
    controlSocket: inRun('sock'),
    jobsSocket: inRun('jobs.sock'),
    scoreboard: inRun('scoreboard'),
    log: join(logDirectory, `${place.name}.log`),
    jobsDatabase: join(stateDirectory, 'jobs.db'),
    jobsLock: join(stateDirectory, 'jobs.lock'),
  }
}

/** What is wrong with the paths themselves; whether the directories can be used is for preflight. */
export function checkPaths(paths: InstancePaths): Finding[] {
  const findings: Finding[] = []
  const failure = (message: string, advice: string) =>
    findings.push({ level: 'failure', check: 'settings', message, advice })
  const directories = [paths.runDirectory, paths.logDirectory, paths.stateDirectory]
  if (directories.some((directory) => directory === NOWHERE || directory.startsWith(`${NOWHERE}/`))) {
    failure('HOME is not set, so there is no place for state, log and run files', 'Set HOME, or give --home DIRECTORY')
  }
  for (const socket of [paths.controlSocket, paths.jobsSocket]) {
    const bytes = Buffer.byteLength(socket)
    if (bytes <= SOCKET_PATH_LIMIT_BYTES) continue
    failure(
      `the path of the socket ${socket} has ${bytes} bytes, ${SOCKET_PATH_LIMIT_BYTES} are allowed`,
      'Choose a shorter directory with --home or runDirectory, or a shorter name',
    )
  }
  return findings
}
