/**
 * The master's loop: whatever happens becomes an event on one queue; `decide` answers with a new state and actions;
 * `perform` carries those out. One timer is set to the nearest deadline. The master does no service work and reads no
 * request data, so that nothing a service does can end it.
 *
 * It begins with the lock held, and owns pidfile, launch record, sockets, scoreboard and log until `finish`; then
 * nothing of them is left but the log.
 */
import { closeSync, rmSync } from 'node:fs'
import type { ControlAnswer, ControlCommand } from '../admin/control.ts'
import { createControlServer } from '../admin/control-server.ts'
import { monotonicMs, wallMs } from '../clock.ts'
import { MydError, messageOf } from '../errors.ts'
import { type Log, openLog } from '../log/log.ts'
import { createScoreboard, type Scoreboard } from '../metrics/scoreboard.ts'
import { INSTANCE_VARIABLE, type LaunchRecord } from '../protocol.ts'
import type { LoadedSettings } from '../settings/load.ts'
import type { BuildInfo } from '../system/executable.ts'
import { becomeSubreaper } from '../system/libc.ts'
import { reapOrphans } from '../system/own-children.ts'
import { bindUnixSocket } from '../system/unix-socket.ts'
import { decide } from './decide.ts'
import { endMarked } from './leftovers.ts'
import { Performer, type Reloaded } from './perform.ts'
import { policyOf } from './policy.ts'
import type { Signals } from './signals.ts'
import { initialState, type MasterEvent, type MasterState, nextDeadline } from './state.ts'
import { describeStatus } from './status.ts'

export interface MasterOptions {
  readonly loaded: LoadedSettings
  readonly launch: LaunchRecord
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly build: BuildInfo
  readonly program: string
  /** Value of INSTANCE_VARIABLE. */
  readonly instance: string
  /** Gets each log line too, in the foreground. */
  readonly echo: ((line: string) => void) | null
  /** Trapped before anything else was done. */
  readonly signals: Signals
  /** Reads and checks the settings again, for a reload. */
  readonly reload: () => Promise<Reloaded>
  readonly onReady: () => void
  /** From here on the daemon is going down. */
  readonly onStopping: () => void
}

export interface Outcome {
  readonly exit: number
  /** Why the start failed; null otherwise. */
  readonly reason: string | null
}

export interface Master {
  /** Resolves when everything is gone. */
  readonly done: Promise<Outcome>
  post(event: MasterEvent): void
}

/** @throws MydError or an error of the system when a file or socket cannot be made; then nothing is left behind */
export async function startMaster(options: MasterOptions): Promise<Master> {
  const { loaded, build, launch } = options
  const { paths, settings } = loaded
  const log = openLog(paths.log, launch.debug ? 'debug' : settings['log.level'], options.echo)
  const undo: (() => Promise<void> | void)[] = [() => log.close()]
  const tidy = async (): Promise<void> => {
    for (const step of undo.reverse()) await step()
  }
  try {
    log.emit({ type: 'daemon.starting', version: build.version, build: build.buildId, proc: settings.proc })
    const loop = await openLoop(options, log, undo)
    return { done: loop.done.finally(tidy), post: (event) => loop.post(event) }
  } catch (error) {
    log.emit({ type: 'daemon.failed', reason: messageOf(error), exit: 1 })
    await tidy()
    throw error
  }
}

/** @param undo is given what takes each thing away again */
async function openLoop(options: MasterOptions, log: Log, undo: (() => Promise<void> | void)[]): Promise<Loop> {
  const { loaded, instance, signals } = options
  const { paths } = loaded
  becomeSubreaper()
  await endLeftovers(instance, log)
  const { fd: scoreboardFd, board } = createScoreboard(paths.scoreboard, process.pid)
  undo.push(() => releaseFile(paths.scoreboard, scoreboardFd))
  const jobsSocketFd = bindUnixSocket(paths.jobsSocket, 0o600)
  undo.push(() => releaseFile(paths.jobsSocket, jobsSocketFd))
  const loop = new Loop(options, log, board, { scoreboardFd, jobsSocketFd })
  const control = createControlServer(paths.controlSocket, (command, answer) => loop.control(command, answer))
  undo.push(() => control.stop())
  await control.start(new AbortController().signal)
  loop.post({ type: 'begin' })
  signals.deliver((signal) => loop.post({ type: 'signal', signal, terminal: signals.hasTerminal }), reapOrphans)
  return loop
}

function releaseFile(path: string, fd: number): void {
  rmSync(path, { force: true })
  closeSync(fd)
}

async function endLeftovers(instance: string, log: Log): Promise<void> {
  const { pids, unkillable } = await endMarked(`${INSTANCE_VARIABLE}=${instance}`)
  if (pids.length > 0) log.emit({ type: 'leftovers.ended', pids })
  if (unkillable.length === 0) return
  throw new MydError('START_FAILED', `processes of a dead instance do not end: pids ${unkillable.join(' ')}`, {
    hint: 'they hang in the kernel (a dead network file system?); their jobs must not run twice',
  })
}

class Loop {
  readonly done: Promise<Outcome>
  readonly #options: MasterOptions
  readonly #board: Scoreboard
  readonly #performer: Performer
  readonly #queue: MasterEvent[] = []
  readonly #waiting = new Map<number, (answer: ControlAnswer) => void>()
  readonly #startedAt = monotonicMs()
  #state: MasterState
  #busy = false
  #timer: NodeJS.Timeout | null = null
  #nextRequest = 1
  #finish: (outcome: Outcome) => void = () => {}

  constructor(
    options: MasterOptions,
    log: Log,
    board: Scoreboard,
    fds: { scoreboardFd: number; jobsSocketFd: number },
  ) {
    this.#options = options
    this.#board = board
    const { loaded, launch, program, instance, environment } = options
    const run = `${wallMs().toString(36)}.${process.pid}`
    const { proc } = loaded.settings
    this.#state = initialState({ policy: policyOf(loaded.settings), proc, run, now: this.#startedAt })
    board.setWanted(proc)
    this.done = new Promise((resolve) => {
      this.#finish = resolve
    })
    this.#performer = new Performer({
      ...fds,
      ...{ program, instance, environment, loaded, board, log },
      service: launch.service,
      debug: launch.debug,
      reload: options.reload,
      post: (event) => this.post(event),
      onReady: options.onReady,
      onFinish: (exit, reason) => this.#end({ exit, reason }),
      answer: (id, exit, message) => this.#answer(id, { exit, message }),
    })
  }

  post(event: MasterEvent): void {
    this.#queue.push(event)
    if (this.#busy) return
    this.#busy = true
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#step(next)
    this.#busy = false
    this.#setTimer()
  }

  #step(event: MasterEvent): void {
    const before = this.#state.phase.name
    const { state, actions } = decide(this.#state, event, monotonicMs())
    this.#state = state
    if (before !== 'draining' && state.phase.name === 'draining') this.#options.onStopping()
    for (const action of actions) this.#performer.perform(action, state)
  }

  #setTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    const due = this.#state.phase.name === 'stopped' ? null : nextDeadline(this.#state)
    if (due === null) {
      this.#timer = null
      return
    }
    this.#timer = setTimeout(() => this.post({ type: 'deadline' }), Math.max(1, due - monotonicMs()))
  }

  control(command: ControlCommand, answer: (answer: ControlAnswer) => void): void {
    if (command.command === 'status') {
      const identity = {
        name: this.#options.loaded.settings.name,
        build: this.#options.build,
        startedAt: this.#startedAt,
      }
      answer({ exit: 0, message: 'running', status: describeStatus(this.#state, this.#board, identity) })
      return
    }
    const id = this.#nextRequest++
    this.#waiting.set(id, answer)
    const request =
      command.command === 'reload' ? ({ type: 'reload' } as const) : ({ type: 'scale', proc: command.proc } as const)
    this.post({ type: 'request', id, request })
  }

  #answer(id: number, answer: ControlAnswer): void {
    this.#waiting.get(id)?.(answer)
    this.#waiting.delete(id)
  }

  #end(outcome: Outcome): void {
    for (const id of [...this.#waiting.keys()]) this.#answer(id, { exit: 1, message: 'the daemon has stopped' })
    this.#finish(outcome)
  }
}
