/** `start`, `--daemon`: detached; returns when the daemon is ready, or with the reason why it is not. */
import { closeSync, constants, openSync } from 'node:fs'
import { MydError } from '../errors.ts'
import { plural } from '../plural.ts'
import { detach } from '../system/detach.ts'
import { takeInheritedSockets } from '../system/inherited-sockets.ts'
import { recordState } from '../system/instance-lock.ts'
import { closeOnExecFrom } from '../system/libc.ts'
import type { Command } from './context.ts'
import { FIRST_INHERITED_FD, prepareStart } from './prepare.ts'

const APPEND = constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | constants.O_NOFOLLOW

export const runStart: Command = async (context) => {
  closeOnExecFrom(FIRST_INHERITED_FD)
  const inherited = takeInheritedSockets(context.environment, process.pid)
  const prepared = await prepareStart(context, inherited)
  if (prepared.outcome === 'end') return prepared.exit
  const { loaded, lockFd } = prepared
  const { settings, paths } = loaded
  process.umask(settings.umask)
  const outputFd = openSync(paths.log, APPEND, 0o640)
  const detached = await detach({
    launch: context.launch,
    ...{ lockFd, inherited, outputFd, program: context.program, environment: context.environment },
    pass: settings['environment.pass'],
    timeoutMs: settings.startTimeout,
  })
  closeSync(outputFd)
  if (detached.outcome === 'ready') {
    context.stdout(`${detached.pid}\n`)
    const what = context.launch.noFork ? 'a single process,' : plural(settings.proc, 'worker')
    if (!context.quiet) context.stderr(`${settings.name}: started (pid ${detached.pid}), ${what} ready\n`)
    return 0
  }
  const { exit, message } = detached
  recordState(lockFd, context.build.buildId, 'failed', { exit, reason: message })
  throw new MydError('START_FAILED', `the start failed: ${message}`, {
    exit,
    hint: `the log may say more: ${paths.log}`,
  })
}
