/** What an event is called in the log: level and one sentence. The only place with log text. Pure. */
import { formatDuration } from '../clock.ts'
import { assertNever } from '../errors.ts'
import type { ChildName, DaemonEvent } from '../events.ts'
import { describeExit } from '../exit-reason.ts'
import { plural } from '../plural.ts'
import type { LogLevel } from '../protocol.ts'

export interface Worded {
  readonly level: LogLevel
  /** `child.ready`: what a script would search for. */
  readonly event: string
  readonly sentence: string
}

const seconds = (ms: number) => formatDuration(ms)

function who(child: ChildName): string {
  const name = child.kind === 'store' ? 'store' : `worker ${child.slot}`
  return child.pid === null ? name : `${name} (pid ${child.pid})`
}

export function wordEvent(event: DaemonEvent): Worded {
  const { level, sentence } = word(event)
  return { level, event: event.type, sentence }
}

type Words = Pick<Worded, 'level' | 'sentence'>
const debug = (sentence: string): Words => ({ level: 'debug', sentence })
const info = (sentence: string): Words => ({ level: 'info', sentence })
const warning = (sentence: string): Words => ({ level: 'warning', sentence })
const error = (sentence: string): Words => ({ level: 'error', sentence })

function word(event: DaemonEvent): Words {
  const [area] = event.type.split('.')
  if (area === 'child' || area === 'slot' || area === 'commands') return wordChild(event as ChildEvent)
  return wordDaemon(event as Exclude<DaemonEvent, ChildEvent>)
}

type ChildEvent = Extract<DaemonEvent, { type: `child.${string}` | `slot.${string}` | `commands.${string}` }>

function wordChild(event: ChildEvent): Words {
  switch (event.type) {
    case 'child.started':
      return debug(`${who(event.child)} started, generation ${event.generation}`)
    case 'child.ready':
      return info(`${who(event.child)} is ready after ${seconds(event.bootMs)}`)
    case 'child.unable':
      return error(
        `${who(event.child)} cannot start: ${event.message}${event.stack === null ? '' : `\n${event.stack}`}`,
      )
    case 'child.exited':
      return wordExit(event)
    case 'child.killed':
      return warning(`${who(event.child)} gets KILL: ${event.cause}`)
    case 'child.unkillable':
      return error(`${who(event.child)} does not end after KILL; it hangs in the kernel`)
    case 'child.late':
      return warning(`${who(event.child)} does not react; others accept for it`)
    case 'child.on-time':
      return info(`${who(event.child)} reacts again`)
    case 'child.babble':
      return error(`${who(event.child)} sent what is no message, and is ended`)
    case 'child.spawn-failed':
      return error(`${who(event.child)} cannot be started: ${event.message}`)
    case 'child.output':
      return info(`${who(event.child)} ${event.stream}: ${event.text}`)
    case 'child.log':
      return { level: event.level, sentence: `${who(event.child)}: ${event.message}${wordFields(event.fields)}` }
    case 'slot.backoff':
      return warning(`${who(event.child)} is started again in ${seconds(event.delayMs)}, death ${event.deaths}`)
    case 'slot.failed':
      return error(`${who(event.child)} has failed after ${plural(event.deaths, 'death')}, ${wordRetry(event.retryMs)}`)
    case 'commands.ended':
      return info(`${event.pids.length} processes of worker ${event.worker} ended: ${event.pids.join(' ')}`)
    case 'commands.unkillable':
      return error(`processes of worker ${event.worker} do not end after KILL: ${event.pids.join(' ')}`)
    default:
      return assertNever(event)
  }
}

function wordRetry(retryMs: number | null): string {
  return retryMs === null ? 'not tried again before a reload' : `tried again in ${seconds(retryMs)}`
}

function wordExit(event: Extract<DaemonEvent, { type: 'child.exited' }>): Words {
  const by = wordCause(event.cause)
  const jobs = event.inHand.length === 0 ? '' : `, jobs in hand ${event.inHand.join(' ')}`
  const sentence = `${who(event.child)} ended: ${describeExit(event.reason)}, ${by}${jobs}`
  return event.cause === null || event.cause === 'failed' ? warning(sentence) : info(sentence)
}

function wordCause(cause: string | null): string {
  if (cause === null) return 'not by us'
  if (cause === 'terminated') return 'not by us: it was told to end'
  return cause === 'failed' ? 'by itself, after what it could not handle' : `by us: ${cause}`
}

function wordDaemon(event: Exclude<DaemonEvent, ChildEvent>): Words {
  switch (event.type) {
    case 'daemon.starting':
      return info(`version ${event.version} build ${event.build} starts with ${plural(event.proc, 'worker')}`)
    case 'daemon.ready':
      return info(`ready after ${seconds(event.tookMs)}: ${plural(event.proc, 'worker')}`)
    case 'daemon.failed':
      return error(`the start failed (exit ${event.exit}): ${event.reason}`)
    case 'daemon.stopping':
      return info(`stops: ${event.cause}`)
    case 'daemon.stopped':
      return info(`stopped, exit ${event.exit}`)
    case 'leftovers.ended':
      return warning(`ended what a dead instance left: pids ${event.pids.join(' ')}`)
    case 'reload.started':
      return info(`reload begins, generation ${event.generation}`)
    case 'reload.done':
      return info(`reload done after ${seconds(event.tookMs)}, generation ${event.generation}`)
    case 'reload.rejected':
      return error(`reload rejected, nothing else is changed: ${event.reason}`)
    case 'socket.refused':
      return error(`worker ${event.slot} cannot listen: ${event.reason}`)
    case 'socket.lent':
      return debug(`${event.key}: worker ${event.to} accepts for slot ${event.slot} too`)
    case 'socket.returned':
      return debug(`${event.key}: worker ${event.by} no longer accepts for slot ${event.slot}`)
    case 'socket.closed':
      return info(`${event.key} is closed, no worker listens there any more`)
    case 'socket.file-left':
      return warning(`${event.path} cannot be removed, nobody listens there any more: ${event.reason}`)
    case 'scale.changed':
      return info(`workers wanted: ${event.from} → ${event.to}`)
    case 'signal.received':
      return info(`received ${event.signal}`)
    case 'signal.ignored':
      return warning(`${event.signal} ignored: ${event.reason}`)
    case 'control.refused':
      return warning(`refused: ${event.reason}`)
    case 'log.reopened':
      return info('log reopened')
    case 'log.reopen-failed':
      return error(`the log cannot be opened again, the old file goes on: ${event.reason}`)
    case 'log.lost':
      return error(`${plural(event.lines, 'log line')} lost: ${event.reason}`)
    default:
      return assertNever(event)
  }
}

function wordFields(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .map(([key, value]) => ` ${key}=${wordValue(value)}`)
    .join('')
}

function wordValue(value: unknown): string {
  return value === undefined ? 'undefined' : JSON.stringify(value)
}
