/**
 * The master: what it is made of, in the order in which it is made, and taken away in reverse. It begins with the
 * instance's lock held, does no service work and reads no request data, so that nothing a service does can end it.
 * At the end nothing is left of it but the log.
 */
import { closeSync, rmSync } from 'node:fs'
import { createControlServer } from '../admin/control-server.ts'
import { stopAll } from '../component.ts'
import { MydError, messageOf } from '../errors.ts'
import { type Log, openLog } from '../log/log.ts'
import { createScoreboard } from '../metrics/scoreboard.ts'
import { INSTANCE_VARIABLE } from '../protocol.ts'
import { queriesOf } from '../system/address.ts'
import { becomeSubreaper } from '../system/libc.ts'
import { ListenTable } from '../system/listen-table.ts'
import { reapOrphans } from '../system/own-children.ts'
import { bindUnixSocket } from '../system/unix-socket.ts'
import { endLeftovers, readOldCommands } from './leftovers.ts'
import { Loop } from './loop.ts'
import type { Master, MasterOptions } from './master-options.ts'
import { endOrphans } from './orphans.ts'
import { listenPolicyOf } from './policy.ts'

/** @throws MydError or an error of the system when a file or socket cannot be made; then nothing is left behind */
export async function startMaster(options: MasterOptions): Promise<Master> {
  const { loaded, build, launch } = options
  const { paths, settings } = loaded
  const log = openLog(paths.log, launch.debug ? 'debug' : settings['log.level'], options.echo)
  const undo: (() => Promise<void> | void)[] = [() => log.close()]
  const tidy = () => stopAll(undo.map((step) => ({ stop: async () => step() })))
  try {
    log.emit({ type: 'daemon.starting', version: build.version, build: build.buildId, proc: settings.proc })
    const loop = await openLoop(options, log, undo)
    return { done: loop.done.finally(tidy), post: (event) => loop.post(event) }
  } catch (error) {
    log.emit({ type: 'daemon.failed', reason: messageOf(error), exit: 1 })
    await tidy().catch(() => {}) // why the start failed is what has to be told
    throw error
  }
}

/** @param undo is given what takes each thing away again */
async function openLoop(options: MasterOptions, log: Log, undo: (() => Promise<void> | void)[]): Promise<Loop> {
  const { loaded, instance, signals } = options
  const { paths } = loaded
  becomeSubreaper()
  await endAllLeftovers(instance, paths.scoreboard, log)
  undo.push(() => endAllOrphans(log))
  const { fd: scoreboardFd, board } = createScoreboard(paths.scoreboard, process.pid)
  undo.push(() => releaseFile(paths.scoreboard, scoreboardFd))
  const jobsSocketFd = bindUnixSocket(paths.jobsSocket, 0o600)
  undo.push(() => releaseFile(paths.jobsSocket, jobsSocketFd))
  const table = new ListenTable(listenPolicyOf(loaded.settings), options.inherited, (path, reason) =>
    log.emit({ type: 'socket.file-left', path, reason }),
  )
  undo.push(() => table.closeAll())
  const loop = new Loop(options, log, board, { scoreboardFd, jobsSocketFd, table })
  loop.listen(queriesOf(loaded.settings.listen, loaded.settings['socket.ipv6Only']))
  const control = createControlServer(paths.controlSocket, (command, answer) => loop.control(command, answer))
  undo.push(() => control.stop())
  await control.start(new AbortController().signal)
  loop.post({ type: 'begin' })
  signals.deliver((signal) => loop.post({ type: 'signal', signal, terminal: signals.hasTerminal }), reapOrphans)
  return loop
}

function releaseFile(path: string, fd: number): void {
  closeSync(fd)
  rmSync(path, { force: true })
}

/** What a dead instance left, before anything of this one is started. @throws MydError START_FAILED when it does not end */
export async function endAllLeftovers(instance: string, oldScoreboard: string, log: Log): Promise<void> {
  const mark = `${INSTANCE_VARIABLE}=${instance}`
  const { pids, unkillable } = await endLeftovers(mark, readOldCommands(oldScoreboard))
  if (pids.length > 0) log.emit({ type: 'leftovers.ended', pids })
  if (unkillable.length === 0) return
  throw new MydError('START_FAILED', `processes of a dead instance do not end: pids ${unkillable.join(' ')}`, {
    hint: 'they hang in the kernel (a dead network file system?), or belong to another user; their jobs must not run twice',
  })
}

/** At the end nobody is living: whatever is still there was left by a command. */
async function endAllOrphans(log: Log): Promise<void> {
  const { pids, unkillable } = await endOrphans(() => ({ workers: new Set(), sessions: new Set() }))
  if (pids.length > 0) log.emit({ type: 'commands.ended', worker: 'all', pids })
  if (unkillable.length > 0) log.emit({ type: 'commands.unkillable', worker: 'all', pids: unkillable })
}
