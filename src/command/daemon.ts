/** The life of a daemon, from the moment its lock is held to its last file: who says that it runs, and what runs. */
import { closeSync, rmSync, writeFileSync } from 'node:fs'
import { asExpected, MydError } from '../errors.ts'
import { startMaster } from '../master/master.ts'
import type { Master, Outcome } from '../master/master-options.ts'
import { trapSignals } from '../master/signals.ts'
import type { InstancePaths, LaunchRecord } from '../protocol.ts'
import { adoptVariables, type LoadedSettings, readEnvironment } from '../settings/load.ts'
import { withMode } from '../system/exact-mode.ts'
import { readBuildInfo } from '../system/executable.ts'
import { adaptFork } from '../system/fork.ts'
import type { InheritedSocket } from '../system/inherited-sockets.ts'
import { recordState } from '../system/instance-lock.ts'
import { setProcessName } from '../system/libc.ts'
import { removePidfile, writePidfile } from '../system/pidfile.ts'
import { createEcho } from './echo.ts'
import { nameInstance } from './launch.ts'
import { reloadSettings } from './reload-settings.ts'

export interface DaemonOptions {
  readonly loaded: LoadedSettings
  readonly launch: LaunchRecord
  /** Held; closed at the end. */
  readonly lockFd: number
  /** Listening sockets that were open before this program ran; closed at the end. */
  readonly inherited: readonly InheritedSocket[]
  /** Path the program was started by. */
  readonly program: string
  readonly foreground: boolean
  readonly onStarted: (master: Pick<Master, 'post'>) => void
  /** Calls `sayRunning` when whoever started it has taken note: from then on it counts as running. */
  readonly onReady: (sayRunning: () => void) => void
}

/** @returns how it ended; `reason` when it never ran. Throws only for a bug. */
export async function runDaemon(options: DaemonOptions): Promise<Outcome> {
  const { loaded, lockFd } = options
  const build = readBuildInfo()
  const signals = trapSignals(options.foreground && process.stdin.isTTY === true)
  let outcome: Outcome = { exit: 70, reason: 'a bug ended the daemon' }
  try {
    process.umask(loaded.settings.umask)
    process.chdir('/')
    setProcessName(loaded.settings.name)
    outcome = await runMaster(options, build, signals)
  } catch (error) {
    const expected = asExpected(error)
    if (!(expected instanceof MydError)) throw error
    outcome = { exit: expected.exitCode, reason: expected.message }
  } finally {
    signals.release()
    withdraw(loaded.paths)
    recordState(lockFd, build.buildId, outcome.reason === null ? 'stopped' : 'failed', outcome)
    closeSync(lockFd)
  }
  return outcome
}

async function runMaster(
  options: DaemonOptions,
  build: ReturnType<typeof readBuildInfo>,
  signals: ReturnType<typeof trapSignals>,
): Promise<Outcome> {
  const { loaded, launch, lockFd, inherited, program } = options
  const say = (state: 'starting' | 'running' | 'stopping') => recordState(lockFd, build.buildId, state)
  let isStopping = false
  say('starting')
  announce(loaded.paths, launch)
  // Loaded when it is used: a master must not even be able to run the store or a service.
  if (launch.noFork) {
    adoptVariables(loaded)
    adaptFork(readEnvironment())
  }
  const start = launch.noFork ? (await import('./no-fork.ts')).runNoFork : startMaster
  const master = await start({
    ...{ loaded, launch, build, inherited, program, signals },
    environment: readEnvironment(),
    instance: nameInstance(loaded.settings.name, loaded.paths),
    echo: options.foreground ? createEcho(process.stderr) : null,
    reload: (current) => reloadSettings(launch, program, current),
    onReady: () => options.onReady(() => isStopping || say('running')),
    onStopping() {
      isStopping = true
      say('stopping')
    },
  })
  options.onStarted(master)
  return await master.done
}

/** For init scripts and monitoring; for a later restart, and nobody else, since a setting of a service may be a secret. */
function announce(paths: InstancePaths, launch: LaunchRecord): void {
  writePidfile(paths.pidfile, process.pid)
  rmSync(paths.launch, { force: true })
  withMode(0o600, () => writeFileSync(paths.launch, `${JSON.stringify(launch)}\n`, { flag: 'wx', mode: 0o600 }))
}

function withdraw(paths: InstancePaths): void {
  removePidfile(paths.pidfile, process.pid)
  rmSync(paths.launch, { force: true })
}
