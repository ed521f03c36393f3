/**
 * Wires the daemon: `--master` in the foreground, and the detached one that `--daemon` starts. Both are the same from
 * the moment the lock is held.
 */
import { closeSync, rmSync, writeFileSync } from 'node:fs'
import { MydError, messageOf } from '../errors.ts'
import { type Master, type Outcome, startMaster } from '../master/master.ts'
import type { Reloaded } from '../master/perform.ts'
import { hasFailure } from '../preflight/finding.ts'
import { FD, type LaunchRecord } from '../protocol.ts'
import { type LoadedSettings, loadSettings, readEnvironment } from '../settings/load.ts'
import { type LauncherChannel, openLauncherChannel } from '../system/detach-channel.ts'
import { programPath, readBuildInfo } from '../system/executable.ts'
import { recordState } from '../system/instance-lock.ts'
import { closeOnExecFrom, setProcessName } from '../system/libc.ts'
import { removePidfile, writePidfile } from '../system/pidfile.ts'
import { identify } from '../system/proc.ts'
import type { Command } from './context.ts'
import { checkService } from './describe-service.ts'
import { nameInstance } from './launch.ts'
import { runNoFork } from './no-fork.ts'
import { prepareStart } from './prepare.ts'

interface RunOptions {
  readonly loaded: LoadedSettings
  readonly launch: LaunchRecord
  readonly lockFd: number
  readonly program: string
  readonly foreground: boolean
  readonly onStarted: (master: Pick<Master, 'post'>) => void
  readonly onReady: () => void
}

/** `--master`, `--nofork`: in the foreground. */
export const runForeground: Command = async (context) => {
  closeOnExecFrom(3)
  const prepared = await prepareStart(context)
  if (prepared.outcome === 'end') return prepared.exit
  const { loaded, lockFd } = prepared
  const { launch, program } = context
  const nothing = () => {}
  const outcome = await runDaemon({
    ...{ loaded, launch, lockFd, program, foreground: true },
    onStarted: nothing,
    onReady: nothing,
  })
  if (outcome.reason !== null) throw new MydError('START_FAILED', outcome.reason, { exit: outcome.exit })
  return outcome.exit
}

/** The detached daemon, started by the intermediate: the lock is on a descriptor, the launch record on the channel. */
export async function runDetached(): Promise<number> {
  const channel = openLauncherChannel()
  const self = identify(process.pid)
  if (self !== null) channel.send({ type: 'started', process: self })
  const launch = await channel.launch
  try {
    const loaded = await loadSettings(launch, readEnvironment())
    const outcome = await runDaemon({
      ...{ loaded, launch, lockFd: FD.lock, program: programPath(), foreground: false },
      onStarted: (master) => {
        void channel.gone.then(() => master.post({ type: 'launcher.gone' }))
      },
      onReady: () => channel.send({ type: 'ready', pid: process.pid }),
    })
    if (outcome.reason !== null) report(channel, outcome.exit, outcome.reason)
    return outcome.exit
  } catch (error) {
    const exit = error instanceof MydError ? error.exitCode : 1
    report(channel, exit, messageOf(error))
    return exit
  }
}

function report(channel: LauncherChannel, exit: number, message: string): void {
  channel.send({ type: 'failed', exit, message })
  channel.close()
}

/** From the lock to the end: the files that say who runs, and the master. */
async function runDaemon(options: RunOptions): Promise<Outcome> {
  const { loaded, launch, lockFd } = options
  const { paths, settings } = loaded
  const build = readBuildInfo()
  const say = (state: 'starting' | 'running' | 'stopping') => recordState(lockFd, build.buildId, state)
  process.umask(settings.umask)
  process.chdir('/')
  setProcessName(settings.name)
  say('starting')
  writePidfile(paths.pidfile, process.pid)
  writeFileSync(paths.launch, `${JSON.stringify(launch)}\n`, { mode: 0o644 })
  let outcome: Outcome = { exit: 1, reason: 'the daemon ended unexpectedly' }
  try {
    const master = await (launch.noFork ? runNoFork : startMaster)({
      ...{ loaded, launch, build, program: options.program },
      environment: readEnvironment(),
      instance: nameInstance(paths),
      echo: options.foreground ? (line) => void process.stderr.write(line) : null,
      hasTerminal: options.foreground && process.stdin.isTTY === true,
      reload: () => reloadSettings(launch, options.program),
      onReady: () => {
        say('running')
        options.onReady()
      },
      onStopping: () => say('stopping'),
    })
    options.onStarted(master)
    outcome = await master.done
  } catch (error) {
    outcome = { exit: error instanceof MydError ? error.exitCode : 1, reason: messageOf(error) }
    if (!(error instanceof MydError)) throw error
  } finally {
    removePidfile(paths.pidfile, process.pid)
    rmSync(paths.launch, { force: true })
    recordState(lockFd, build.buildId, outcome.reason === null ? 'stopped' : 'failed', outcome)
    closeSync(lockFd)
  }
  return outcome
}

/** Settings for a reload: read again from where they came; what is wrong with them rejects it. */
async function reloadSettings(launch: LaunchRecord, program: string): Promise<Reloaded> {
  const environment = readEnvironment()
  const loaded = await loadSettings(launch, environment)
  const findings = [...loaded.findings, ...(await checkService({ launch, environment, program }))]
  if (!hasFailure(findings)) return { loaded }
  const failures = findings.filter((finding) => finding.level === 'failure')
  const words = failures.map(({ file, line, message }) =>
    file === undefined ? message : `${file}${line === undefined ? '' : `:${line}`}: ${message}`,
  )
  return { rejected: words.join('; '), exit: 78 }
}
