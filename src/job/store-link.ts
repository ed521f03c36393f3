/**
 * A connection to the job store that comes back: it reconnects for ever, 20 ms after the first loss, then twice as
 * long up to 1 s. Requests belong to one connection: what was not answered when it broke is the owner's to ask again,
 * in `onConnect`, because only the owner knows whether it still wants that.
 */
import { connect, type Socket } from 'node:net'
import { createLineReader, parseLine, toLine } from '../system/line-reader.ts'
import type { Operation } from './wire.ts'

const FIRST_DELAY_MS = 20
const LONGEST_DELAY_MS = 1000
/** Bytes of one answer of the store. */
const ANSWER_LIMIT_BYTES = 64 * 1024 * 1024

/** An answer or an event of the store: its fields are checked by whoever uses them. */
export type StoreMessage = Record<string, unknown>

export interface StoreLink {
  /** Opens the connection, now and whenever it is lost. */
  open(): void
  /** @param onAnswer is not called when the connection breaks first. @returns false when there is no connection */
  ask(operation: Operation, onAnswer: (answer: StoreMessage) => void): boolean
  readonly isConnected: () => boolean
  /** What is asked between these two goes out in one write. */
  cork(): void
  uncork(): void
  /** Drops the connection and makes a new one: whatever was under way on it is void. */
  reset(): void
  close(): void
}

export interface StoreLinkEvents {
  onConnect(): void
  onDisconnect(error: Error | null): void
  /** What the store says unasked. */
  onEvent(event: StoreMessage): void
}

export function createStoreLink(path: string, events: StoreLinkEvents): StoreLink {
  let socket: Socket | null = null
  let isConnected = false
  let isClosed = false
  let delayMs = FIRST_DELAY_MS
  let timer: NodeJS.Timeout | undefined
  let lastId = 0
  const waiting = new Map<number, (answer: StoreMessage) => void>()

  const open = (): void => {
    const opened = connect(path)
    let failure: Error | null = null
    socket = opened
    opened.on('connect', () => {
      isConnected = true
      delayMs = FIRST_DELAY_MS
      events.onConnect()
    })
    opened.on(
      'data',
      createLineReader(receive, () => opened.destroy(), ANSWER_LIMIT_BYTES),
    )
    opened.on('error', (error) => {
      failure = error // told with `close`, which follows
    })
    opened.on('close', () => lose(failure))
  }
  const lose = (error: Error | null): void => {
    isConnected = false
    waiting.clear()
    if (isClosed) return
    timer = setTimeout(open, delayMs)
    delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)
    events.onDisconnect(error)
  }
  const receive = (line: string): void => {
    const message = parseLine(line)
    if (message === null) return
    if (typeof message.event === 'string') return events.onEvent(message)
    const id = Number(message.id)
    const onAnswer = waiting.get(id)
    waiting.delete(id)
    onAnswer?.(message)
  }
  return {
    open,
    ask(operation, onAnswer) {
      if (!isConnected || socket === null) return false
      lastId++
      waiting.set(lastId, onAnswer)
      socket.write(toLine({ id: lastId, ...operation }))
      return true
    },
    isConnected: () => isConnected,
    cork: () => socket?.cork(),
    uncork: () => socket?.uncork(),
    reset: () => socket?.destroy(),
    close() {
      isClosed = true
      clearTimeout(timer)
      socket?.destroySoon()
    },
  }
}
