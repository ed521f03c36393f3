/** What launcher and daemon say to each other while it starts, and the daemon's end of it. */
import { FD, type LaunchRecord } from '../protocol.ts'
import { adoptSocket, openChannel } from './channel.ts'
import type { ProcessIdentity } from './proc.ts'

export type ToDaemon = { readonly type: 'launch'; readonly launch: LaunchRecord } | { readonly type: 'commit' }

export type FromDaemon =
  | { readonly type: 'started'; readonly process: ProcessIdentity }
  | { readonly type: 'ready'; readonly pid: number }
  | { readonly type: 'failed'; readonly exit: number; readonly message: string }
  /** From the intermediate: the daemon ended without a word. */
  | { readonly type: 'exited'; readonly how: string }

/** How long a cancelled daemon may take to end its children before it is killed. */
export const CANCEL_MS = 10_000

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
