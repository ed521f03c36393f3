/**
 * Detaching as daemon(7) says, through our own executable because a Node process cannot fork: the launcher starts an
 * intermediate in a new session, which starts the daemon and ends; so the daemon is in a session of its own without
 * leading it (it can never get a terminal), and init is its parent.
 *
 *   launcher ──channel── intermediate ──channel── daemon
 *            → launch                   → launch
 *            ← started, ready | failed  ←
 *            → commit                   → commit          the daemon closes its end, the intermediate ends
 *
 * Until the commit, a channel that closes cancels the start: whichever of the three is killed, at whatever moment,
 * nothing is left running. The intermediate stays until then and tells how the daemon ended.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { describeExit, exitReason } from '../exit-reason.ts'
import { FD, type LaunchRecord, ROLE_VARIABLE } from '../protocol.ts'
import { adoptSocket, type Channel, openChannel } from './channel.ts'
import { childEnvironment } from './child-environment.ts'
import { selfCommand } from './executable.ts'
import { isSameProcess, type ProcessIdentity } from './proc.ts'

export type ToDaemon = { readonly type: 'launch'; readonly launch: LaunchRecord } | { readonly type: 'commit' }

export type FromDaemon =
  | { readonly type: 'started'; readonly process: ProcessIdentity }
  | { readonly type: 'ready'; readonly pid: number }
  | { readonly type: 'failed'; readonly exit: number; readonly message: string }
  /** From the intermediate: the daemon ended without a word. */
  | { readonly type: 'exited'; readonly how: string }

export interface DetachOptions {
  readonly launch: LaunchRecord
  /** The lock, held; the daemon inherits it. */
  readonly lockFd: number
  /** Where the daemon's standard output and error go. */
  readonly outputFd: number
  readonly program: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly pass: readonly string[]
  readonly timeoutMs: number
}

export type Detached =
  | { readonly outcome: 'ready'; readonly pid: number }
  | { readonly outcome: 'failed'; readonly exit: number; readonly message: string }
  /** The launcher was told to end: exit code 128 + n. */
  | { readonly outcome: 'interrupted'; readonly exit: number; readonly message: string }

const INTERRUPTS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const
/** How long a cancelled daemon may take to end its children before it is killed. */
const CANCEL_MS = 10_000
/** The daemon has a deadline of its own (startTimeout); the launcher acts only when that did not work. */
const GRACE_MS = 5000
const POLL_MS = 10

function spawnRole(role: 'intermediate' | 'master', options: SpawnOptions): ChildProcess {
  const { file, args } = selfCommand()
  return spawn(file, args, {
    argv0: options.program,
    cwd: '/',
    detached: role === 'intermediate', // setsid: the intermediate leads the new session
    env: childEnvironment(options.environment, options.pass, { [ROLE_VARIABLE]: role }),
    stdio: ['ignore', options.outputFd, options.outputFd, 'pipe', options.lockFd],
  })
}

type SpawnOptions = Pick<DetachOptions, 'program' | 'environment' | 'pass' | 'outputFd' | 'lockFd'>

/** The launcher's part. Resolves when the daemon is ready and init's child, or nothing of it is left. */
export async function detach(options: DetachOptions): Promise<Detached> {
  const launcher = new Launcher(options)
  const listeners = Object.entries(INTERRUPTS).map(([name, number]) => {
    const listener = () => launcher.interrupt(name, 128 + number)
    process.on(name, listener)
    return () => process.removeListener(name, listener)
  })
  try {
    return await launcher.result
  } finally {
    for (const remove of listeners) remove()
  }
}

class Launcher {
  readonly result: Promise<Detached>
  readonly #child: ChildProcess
  readonly #channel: Channel<ToDaemon>
  readonly #timer: NodeJS.Timeout
  #resolve: (result: Detached) => void = () => {}
  #verdict: Detached | null = null
  #daemon: ProcessIdentity | null = null
  #committed = false

  constructor(options: DetachOptions) {
    this.result = new Promise((resolve) => {
      this.#resolve = resolve
    })
    this.#child = spawnRole('intermediate', options)
    this.#channel = openChannel<ToDaemon>(this.#child.stdio[3] as Socket, {
      onMessage: (message) => this.#receive(message as unknown as FromDaemon),
      onClose: () => {}, // the exit of the intermediate tells
    })
    this.#child.once('error', (error) => this.#settle({ outcome: 'failed', exit: 1, message: error.message }))
    this.#child.once('exit', () => void this.#conclude())
    this.#timer = setTimeout(() => this.#cancel(timedOut(options)), options.timeoutMs + GRACE_MS)
    this.#channel.send({ type: 'launch', launch: options.launch })
  }

  interrupt(signal: string, exit: number): void {
    if (!this.#committed) this.#cancel({ outcome: 'interrupted', exit, message: `interrupted by ${signal}` })
  }

  #receive(message: FromDaemon): void {
    switch (message.type) {
      case 'started':
        this.#daemon = message.process
        return
      case 'ready':
        if (this.#verdict !== null) return
        this.#committed = true
        this.#verdict = { outcome: 'ready', pid: message.pid }
        this.#channel.send({ type: 'commit' })
        return
      case 'failed':
        this.#verdict ??= { outcome: 'failed', exit: message.exit, message: message.message }
        return
      case 'exited':
        this.#verdict ??= {
          outcome: 'failed',
          exit: 1,
          message: `the daemon ended before it was ready: ${message.how}`,
        }
    }
  }

  /** Closing the channel cancels; what does not end in time is killed with its session. */
  #cancel(verdict: Detached): void {
    this.#verdict ??= verdict
    this.#channel.close()
    const group = this.#child.pid
    if (group === undefined) return
    setTimeout(() => killGroup(group), CANCEL_MS).unref()
  }

  /** The intermediate has ended: the daemon is init's child, or gone, or about to go. */
  async #conclude(): Promise<void> {
    const verdict = this.#verdict ?? { outcome: 'failed', exit: 1, message: 'the start was killed before it was ready' }
    if (verdict.outcome !== 'ready') await this.#awaitEnd()
    this.#settle(verdict)
  }

  async #awaitEnd(): Promise<void> {
    const daemon = this.#daemon
    if (daemon === null) return
    for (let waitedMs = 0; isSameProcess(daemon) && waitedMs < CANCEL_MS; waitedMs += POLL_MS) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
    if (this.#child.pid !== undefined && isSameProcess(daemon)) killGroup(this.#child.pid)
  }

  #settle(result: Detached): void {
    clearTimeout(this.#timer)
    this.#resolve(result)
  }
}

function timedOut(options: DetachOptions): Detached {
  const message = `not ready after ${Math.round(options.timeoutMs / 1000)} s (startTimeout); it was ended`
  return { outcome: 'failed', exit: 1, message }
}

/** The group of the intermediate, which the daemon is in; its workers end with it. */
function killGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // nobody is left: that is what was wanted
  }
}

/** The intermediate's part: passes on what the two say, until the commit. @returns its exit code */
export function runIntermediate(environment: Readonly<Record<string, string | undefined>>): Promise<number> {
  return new Promise((resolve) => {
    const daemon = spawnRole('master', {
      program: process.argv0,
      environment,
      pass: Object.keys(environment),
      outputFd: 1,
      lockFd: FD.lock,
    })
    let committed = false
    const down = openChannel<unknown>(daemon.stdio[3] as Socket, {
      onMessage: (message) => up.send(message),
      onClose: () => committed && resolve(0),
    })
    const up = openChannel<unknown>(adoptSocket(FD.channel), {
      onMessage(message) {
        committed ||= message.type === 'commit'
        down.send(message)
      },
      onClose() {
        if (committed) return
        down.close() // the launcher is gone: the daemon cancels its start
        setTimeout(() => daemon.kill('SIGKILL'), CANCEL_MS).unref()
      },
    })
    for (const signal of Object.keys(INTERRUPTS)) process.on(signal, () => {}) // the launcher decides, not a stray signal
    const tell = (how: string) => {
      up.send({ type: 'exited', how })
      up.close()
      resolve(1)
    }
    daemon.once('error', (error) => tell(error.message))
    daemon.once('exit', (code, signal) => tell(describeExit(exitReason(code, signal))))
  })
}

/** The daemon's end of the channel. */
export interface LauncherChannel {
  readonly launch: Promise<LaunchRecord>
  /** Resolves when the launcher has taken note of `ready`: from then on the daemon is on its own. */
  readonly committed: Promise<void>
  /** Resolves when the channel closes before the commit: the start is cancelled. */
  readonly gone: Promise<void>
  send(message: FromDaemon): void
  close(): void
}

export function openLauncherChannel(): LauncherChannel {
  let gotLaunch: (launch: LaunchRecord) => void
  let gotCommit: () => void
  let gotGone: () => void
  let done = false
  const launch = new Promise<LaunchRecord>((resolve) => {
    gotLaunch = resolve
  })
  const committed = new Promise<void>((resolve) => {
    gotCommit = resolve
  })
  const gone = new Promise<void>((resolve) => {
    gotGone = resolve
  })
  const channel = openChannel<FromDaemon>(adoptSocket(FD.channel), {
    onMessage(raw) {
      const message = raw as unknown as ToDaemon
      if (message.type === 'launch') return gotLaunch(message.launch)
      done = true
      channel.close()
      gotCommit()
    },
    onClose: () => done || gotGone(),
  })
  return {
    launch,
    committed,
    gone,
    send: (message) => channel.send(message),
    close() {
      done = true
      channel.close()
    },
  }
}
