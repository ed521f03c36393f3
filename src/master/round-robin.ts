/**
 * One listening socket whose connections are accepted here and passed to the workers in turn. Nothing is read from
 * them. While no worker is able, or none takes what it is passed, nothing is accepted: clients wait in the socket's
 * queue. What is accepted already is kept until somebody takes it.
 */
import net from 'node:net'
import { errnoOf } from '../errors.ts'
import { duplicateDescriptor } from '../system/socket-calls.ts'

/** Workers that are busy for a while have taken what they were passed, or descriptors are free again. */
const AGAIN_MS = 20

export interface RoundRobinOptions {
  /** Of the listening socket; stays the caller's. */
  readonly descriptor: number
  readonly backlog: number
  /** Passes a connection on; false when the worker cannot take it now. The descriptor stays ours. */
  readonly give: (seat: number, connection: number) => boolean
}

export class RoundRobin {
  readonly #options: RoundRobinOptions
  readonly #kept: net.Socket[] = []
  #able: readonly number[] = []
  #next = 0
  #server: net.Server | null = null
  #timer: NodeJS.Timeout | undefined

  constructor(options: RoundRobinOptions) {
    this.#options = options
  }

  /** @param seats of the workers that can take connections from now on */
  setAble(seats: readonly number[]): void {
    this.#able = seats
    this.#advance()
  }

  /** What was accepted and nobody took is closed. */
  stop(): void {
    this.#able = []
    this.#pause()
    for (const socket of this.#kept.splice(0)) socket.destroy()
  }

  #advance(): void {
    while (this.#kept[0] !== undefined && this.#pass(this.#kept[0])) this.#kept.shift()
    if (this.#able.length === 0) return this.#pause()
    if (this.#kept.length > 0) return this.#tryAgain()
    this.#server ??= this.#accept()
  }

  #pause(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#server?.close()
    this.#server = null
  }

  #tryAgain(): void {
    this.#pause()
    this.#timer = setTimeout(() => this.#advance(), AGAIN_MS)
  }

  #accept(): net.Server | null {
    const { descriptor, backlog } = this.#options
    const server = net.createServer({ pauseOnConnect: true }, (socket) => this.#receive(socket))
    server.on('error', () => this.#tryAgain())
    try {
      return server.listen({ fd: duplicateDescriptor(descriptor), backlog })
    } catch (error) {
      if (errnoOf(error) === undefined) throw error // EMFILE: what waits goes on waiting
      this.#tryAgain()
      return null
    }
  }

  #receive(socket: net.Socket): void {
    socket.on('error', () => {}) // it has gone while it was kept
    if (this.#kept.length === 0 && this.#pass(socket)) return
    this.#kept.push(socket)
    this.#tryAgain()
  }

  /** To the next in turn who takes it. */
  #pass(socket: net.Socket): boolean {
    const { fd } = (socket as unknown as { _handle: { fd: number } })._handle
    const turns = this.#able.length
    for (let tries = 0; tries < turns; tries++) {
      const seat = this.#able[this.#next++ % turns]
      if (seat === undefined || !this.#options.give(seat, fd)) continue
      socket.destroy()
      return true
    }
    return false
  }
}
