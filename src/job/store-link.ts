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

/** An answer or an event of the store. */
export type StoreMessage = Readonly<Record<string, unknown>>

export interface StoreLinkEvents {
  onConnect(): void
  onDisconnect(error: Error | null): void
  /** What the store says unasked. */
  onEvent(event: StoreMessage): void
}

export class StoreLink {
  readonly #path: string
  readonly #events: StoreLinkEvents
  readonly #waiting = new Map<number, (answer: StoreMessage) => void>()
  #socket: Socket | null = null
  #isConnected = false
  #isClosed = false
  #delayMs = FIRST_DELAY_MS
  #timer: NodeJS.Timeout | undefined
  #lastId = 0

  constructor(path: string, events: StoreLinkEvents) {
    this.#path = path
    this.#events = events
  }

  /** Connects, now and whenever the connection is lost. */
  open(): void {
    const socket = connect(this.#path)
    let failure: Error | null = null
    this.#socket = socket
    socket.on('connect', () => {
      this.#isConnected = true
      this.#delayMs = FIRST_DELAY_MS
      this.#events.onConnect()
    })
    const read = createLineReader(
      (line) => this.#receive(line),
      () => socket.destroy(),
      ANSWER_LIMIT_BYTES,
    )
    socket.on('data', read)
    socket.on('error', (error) => {
      failure = error // told with `close`, which follows
    })
    socket.on('close', () => this.#lose(failure))
  }

  /** @param onAnswer is not called when the connection breaks first. @returns false when there is no connection */
  ask(operation: Operation, onAnswer: (answer: StoreMessage) => void): boolean {
    if (!this.#isConnected || this.#socket === null) return false
    this.#lastId++
    this.#waiting.set(this.#lastId, onAnswer)
    this.#socket.write(toLine({ id: this.#lastId, ...operation }))
    return true
  }

  /** What is asked from here to `uncork` goes out in one write. */
  cork(): void {
    this.#socket?.cork()
  }

  uncork(): void {
    this.#socket?.uncork()
  }

  /** Drops the connection and makes a new one: whatever was under way on it is void. */
  reset(): void {
    this.#socket?.destroy()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#socket?.destroySoon()
  }

  #lose(error: Error | null): void {
    this.#isConnected = false
    this.#waiting.clear()
    if (this.#isClosed) return
    this.#timer = setTimeout(() => this.open(), this.#delayMs)
    this.#delayMs = Math.min(this.#delayMs * 2, LONGEST_DELAY_MS)
    this.#events.onDisconnect(error)
  }

  #receive(line: string): void {
    const message = parseLine(line)
    if (message === null) return
    if (typeof message.event === 'string') return this.#events.onEvent(message)
    const onAnswer = this.#waiting.get(Number(message.id))
    this.#waiting.delete(Number(message.id))
    onAnswer?.(message)
  }
}
