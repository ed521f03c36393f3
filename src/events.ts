/**
 * What happens, typed. Code emits events; `log/` words them, others count them. A new event is a member here and a
 * line in `log/wording.ts`.
 */
import type { ExitReason } from './exit-reason.ts'
import type { LogLevel, SocketKey } from './protocol.ts'

/** Which child: `kind` and for workers the slot. */
export interface ChildName {
  readonly kind: 'worker' | 'store'
  readonly slot: number
  readonly pid: number | null
}

export type DaemonEvent =
  | { readonly type: 'daemon.starting'; readonly version: string; readonly build: string; readonly proc: number }
  | { readonly type: 'daemon.ready'; readonly tookMs: number; readonly proc: number }
  | { readonly type: 'daemon.failed'; readonly reason: string; readonly exit: number }
  | { readonly type: 'daemon.stopping'; readonly cause: string }
  | { readonly type: 'daemon.stopped'; readonly exit: number }
  | { readonly type: 'leftovers.ended'; readonly pids: readonly number[] }
  | { readonly type: 'child.started'; readonly child: ChildName; readonly generation: number }
  | { readonly type: 'child.ready'; readonly child: ChildName; readonly bootMs: number }
  | {
      readonly type: 'child.unable'
      readonly child: ChildName
      readonly message: string
      readonly stack: string | null
    }
  | {
      readonly type: 'child.exited'
      readonly child: ChildName
      readonly reason: ExitReason
      /** Why we ended it; null when it was not by us. */
      readonly cause: string | null
      readonly inHand: readonly number[]
    }
  | { readonly type: 'child.killed'; readonly child: ChildName; readonly cause: string }
  | { readonly type: 'child.unkillable'; readonly child: ChildName }
  /** Its loop is blocked, or it is stopped: others accept for it; or it is back. */
  | { readonly type: 'child.late'; readonly child: ChildName }
  | { readonly type: 'child.on-time'; readonly child: ChildName }
  /** It sent what is no message; its channel is closed. */
  | { readonly type: 'child.babble'; readonly child: ChildName }
  | { readonly type: 'child.spawn-failed'; readonly child: ChildName; readonly message: string }
  | {
      readonly type: 'child.output'
      readonly child: ChildName
      readonly stream: 'stdout' | 'stderr'
      readonly text: string
    }
  | {
      readonly type: 'child.log'
      readonly child: ChildName
      readonly level: LogLevel
      readonly message: string
      readonly fields: Readonly<Record<string, unknown>>
    }
  | { readonly type: 'slot.backoff'; readonly child: ChildName; readonly delayMs: number; readonly deaths: number }
  | {
      readonly type: 'slot.failed'
      readonly child: ChildName
      readonly retryMs: number | null
      readonly deaths: number
    }
  /** A worker could not have what it wants to listen on. */
  | { readonly type: 'socket.refused'; readonly slot: number; readonly reason: string }
  /** Nobody accepts in a slot: another one's worker does. */
  | { readonly type: 'socket.lent'; readonly key: SocketKey; readonly slot: number; readonly to: number }
  | { readonly type: 'socket.returned'; readonly key: SocketKey; readonly slot: number; readonly by: number }
  | { readonly type: 'socket.closed'; readonly key: SocketKey }
  /** The file of a unix socket that is closed could not be removed. */
  | { readonly type: 'socket.file-left'; readonly path: string; readonly reason: string }
  | { readonly type: 'commands.ended'; readonly worker: string; readonly pids: readonly number[] }
  | { readonly type: 'commands.unkillable'; readonly worker: string; readonly pids: readonly number[] }
  | { readonly type: 'reload.started'; readonly generation: number }
  | { readonly type: 'reload.done'; readonly generation: number; readonly tookMs: number }
  | { readonly type: 'reload.rejected'; readonly reason: string }
  | { readonly type: 'scale.changed'; readonly from: number; readonly to: number }
  | { readonly type: 'signal.received'; readonly signal: string }
  | { readonly type: 'signal.ignored'; readonly signal: string; readonly reason: string }
  | { readonly type: 'control.refused'; readonly reason: string }
  | { readonly type: 'log.reopened' }
  | { readonly type: 'log.reopen-failed'; readonly reason: string }
  | { readonly type: 'log.lost'; readonly lines: number; readonly reason: string }

export type Emit = (event: DaemonEvent) => void
