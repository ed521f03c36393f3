/**
 * One listening socket whose connections are accepted here and passed to the workers in turn. Nothing is read from
 * them. While no worker is able, nothing is accepted: clients wait in the socket's queue.
 */
import net from 'node:net'
import { duplicateDescriptor } from '../system/socket-calls.ts'

export class RoundRobin {
  readonly #descriptor: number
  readonly #backlog: number
  readonly #give: (seat: number, connection: number) => boolean
  #able: readonly number[] = []
  #next = 0
  #server: net.Server | null = null

  /**
   * @param descriptor of the listening socket; stays the caller's
   * @param give passes a connection on; false when the worker cannot take it now. The descriptor stays ours
   */
  constructor(descriptor: number, backlog: number, give: (seat: number, connection: number) => boolean) {
    this.#descriptor = descriptor
    this.#backlog = backlog
    this.#give = give
  }

  /** @param seats of the workers that can take connections from now on */
  setAble(seats: readonly number[]): void {
    this.#able = seats
    if (seats.length === 0) this.stop()
    else this.#server ??= this.#accept()
  }

  stop(): void {
    this.#server?.close()
    this.#server = null
  }

  #accept(): net.Server {
    const server = net.createServer({ pauseOnConnect: true }, (socket) => this.#pass(socket))
    server.on('error', () => {}) // EMFILE and the like: what waits goes on waiting
    return server.listen({ fd: duplicateDescriptor(this.#descriptor), backlog: this.#backlog })
  }

  /** To the next in turn who takes it. When nobody does, the client is told at once rather than left to wait. */
  #pass(socket: net.Socket): void {
    const { fd } = (socket as unknown as { _handle: { fd: number } })._handle
    const turns = this.#able.length
    for (let tries = 0; tries < turns; tries++) {
      const seat = this.#able[this.#next++ % turns]
      if (seat !== undefined && this.#give(seat, fd)) break
    }
    socket.destroy()
  }
}
