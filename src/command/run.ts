/** `--master` and `--nofork` in the foreground, and the detached daemon that `--daemon` starts. */
import { asExpected, MydError, messageOf } from '../errors.ts'
import { FD } from '../protocol.ts'
import { loadSettings, readEnvironment } from '../settings/load.ts'
import { openLauncherChannel } from '../system/detach-channel.ts'
import { programPath } from '../system/executable.ts'
import { adoptInheritedSockets, takeInheritedSockets } from '../system/inherited-sockets.ts'
import { closeOnExecFrom } from '../system/libc.ts'
import { identify } from '../system/proc.ts'
import type { Command } from './context.ts'
import { runDaemon } from './daemon.ts'
import { FIRST_INHERITED_FD, prepareStart } from './prepare.ts'

const nothing = (): void => {}

export const runForeground: Command = async (context) => {
  closeOnExecFrom(FIRST_INHERITED_FD)
  const inherited = takeInheritedSockets(context.environment, process.pid)
  const prepared = await prepareStart(context, inherited)
  if (prepared.outcome === 'end') return prepared.exit
  const { loaded, lockFd } = prepared
  const { launch, program } = context
  const { exit, reason } = await runDaemon({
    ...{ loaded, launch, lockFd, inherited, program, foreground: true },
    onStarted: nothing,
    onReady: (sayRunning) => sayRunning(),
  })
  if (reason !== null) throw new MydError('START_FAILED', `the start failed: ${reason}`, { exit })
  return exit
}

/** The lock is on a descriptor, the launch record comes over the channel. @returns the exit code */
export async function runDetached(): Promise<number> {
  const channel = openLauncherChannel()
  const self = identify(process.pid)
  if (self !== null) channel.send({ type: 'started', process: self })
  const launch = await Promise.race([channel.launch, channel.gone])
  if (launch === undefined) return 1 // the launcher was killed before it said anything
  const fail = (exit: number, message: string): number => {
    channel.send({ type: 'failed', exit, message })
    channel.close()
    return exit
  }
  try {
    const inherited = adoptInheritedSockets(readEnvironment())
    const loaded = await loadSettings(launch, readEnvironment())
    const { exit, reason } = await runDaemon({
      ...{ loaded, launch, lockFd: FD.lock, inherited, program: programPath(), foreground: false },
      onStarted: (master) => void channel.gone.then(() => master.post({ type: 'launcher.gone' })),
      onReady(sayRunning) {
        channel.send({ type: 'ready', pid: process.pid })
        void channel.committed.then(sayRunning).then(() => channel.close())
      },
    })
    return reason === null ? exit : fail(exit, reason)
  } catch (error) {
    const expected = asExpected(error)
    if (expected instanceof MydError) return fail(expected.exitCode, expected.message)
    fail(1, messageOf(error))
    throw error
  }
}
