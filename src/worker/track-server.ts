/**
 * The connections of one server, and how they end when its worker drains. Whatever the server speaks: HTTP/1, HTTP/2,
 * TLS or anything else over TCP or a unix socket.
 *
 * - HTTP/1: a request in hand is answered, however long it takes. A connection without one (also: without its first)
 *   stays open until nothing has come or gone for `idleMs`, so that what is on its way is answered. See hold-requests.
 * - HTTP/2: see drain-session.
 * - Anything else (WebSocket, CONNECT, plain TCP) is the service's to end.
 *
 * `http.Server.close()` is of no use here: it resets connections that have not sent their request yet.
 */
import type { ServerHttp2Session } from 'node:http2'
import type { Server, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { monotonicMs } from '../clock.ts'
import { closeGently } from './close-gently.ts'
import { drainSession } from './drain-session.ts'
import { endAfterAnswer, holdRequests, isAnswering, speaksHttp } from './hold-requests.ts'

export interface DrainOptions {
  /** An idle HTTP connection is closed when nothing has come or gone for so long. */
  readonly idleMs: number
  /** Destroys what is left. */
  readonly signal: AbortSignal
}

/** Idle connections are looked at this often in their `idleMs`. */
const LOOKS = 8
const SHORTEST_LOOK_MS = 5

/** How many bytes a connection has moved, and since when no more. */
interface Quiet {
  readonly bytes: number
  readonly sinceMs: number
}

/** @param server before its first connection; once per server */
export function trackServer(server: Server): TrackedServer {
  return new TrackedServer(server)
}

export class TrackedServer {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #sessions = new WeakMap<Socket, ServerHttp2Session>()
  readonly #quiet = new WeakMap<Socket, Quiet>()
  readonly #held = new WeakSet<Server>()
  /** HTTP/2 makes its session while the connection is told to all, just before it is our turn. */
  #newSession: ServerHttp2Session | null = null
  #options: DrainOptions | null = null
  #look: NodeJS.Timeout | undefined
  #waiters: (() => void)[] = []
  #requestWaiters: (() => void)[] = []

  constructor(server: Server) {
    this.#server = server
    server.on('session', (session: ServerHttp2Session) => {
      this.#newSession = session
    })
    server.on('connection', (socket) => this.#add(socket))
    server.on('secureConnection', (socket: TLSSocket & { _parent?: Socket | null }) => {
      if (socket._parent != null) this.#sockets.delete(socket._parent) // it ends with the one around it
      this.#add(socket)
    })
  }

  /** How many connections there are. */
  get size(): number {
    return this.#sockets.size
  }

  /**
   * Call it when nothing is accepted any more. Connections that come all the same (`server.emit('connection', socket)`)
   * are drained too, also after it resolved; then a second call waits for them.
   * @returns when no connection is left
   */
  async drain(options: DrainOptions): Promise<void> {
    if (this.#options === null) this.#begin(options)
    if (this.#sockets.size > 0) await new Promise<void>((resolve) => this.#waiters.push(resolve))
  }

  /** While it drains: resolves when only connections are left that are the service's to end. */
  async whenRequestsDone(): Promise<void> {
    if (this.#hasRequests()) await new Promise<void>((resolve) => this.#requestWaiters.push(resolve))
  }

  #hasRequests(): boolean {
    return [...this.#sockets].some((socket) => this.#sessions.has(socket) || this.#mayBeIdle(socket))
  }

  #settleRequests(): void {
    if (this.#requestWaiters.length === 0 || this.#hasRequests()) return
    for (const resolve of this.#requestWaiters.splice(0)) resolve()
  }

  #begin(options: DrainOptions): void {
    const { signal } = options
    this.#options = options
    this.#hold(this.#server)
    for (const socket of this.#sockets) this.#end(socket, options)
    if (!signal.aborted) signal.addEventListener('abort', () => this.#destroyAll(), { once: true })
  }

  #add(socket: Socket): void {
    if (socket.destroyed) return
    this.#sockets.add(socket)
    socket.on('close', this.#forget)
    if (this.#newSession !== null) this.#sessions.set(socket, this.#newSession)
    this.#newSession = null
    if (this.#options !== null) this.#end(socket, this.#options)
  }

  /** One function for all connections: `this` is the socket. */
  readonly #forget = ((tracked: TrackedServer) =>
    function (this: Socket): void {
      tracked.#sockets.delete(this)
      tracked.#settleRequests()
      if (tracked.#sockets.size === 0) tracked.#finish()
    })(this)

  #end(socket: Socket, { idleMs, signal }: DrainOptions): void {
    if (signal.aborted) return this.#destroy(socket)
    const session = this.#sessions.get(socket)
    if (session !== undefined) drainSession(session, socket, idleMs)
    else if (speaksHttp(socket)) this.#endHttp(socket)
    this.#look ??= setInterval(() => this.#endQuiet(idleMs), Math.max(SHORTEST_LOOK_MS, idleMs / LOOKS))
  }

  #endHttp(socket: Socket): void {
    const { server } = socket as { server?: Server } // a service may pass connections on to another server
    if (server !== undefined) this.#hold(server)
    endAfterAnswer(socket)
  }

  #hold(server: Server): void {
    if (this.#held.has(server)) return
    this.#held.add(server)
    holdRequests(server)
  }

  #endQuiet(idleMs: number): void {
    for (const socket of this.#sockets) {
      const session = this.#sessions.get(socket)
      if (session?.destroyed) closeGently(socket)
      else if (this.#mayBeIdle(socket) && this.#quietMs(socket) >= idleMs) this.#endIdle(socket)
    }
    this.#settleRequests()
  }

  #mayBeIdle(socket: Socket): boolean {
    return this.#isHandshaking(socket) || (speaksHttp(socket) && !this.#sessions.has(socket))
  }

  #isHandshaking(socket: Socket): boolean {
    return 'setSecureContext' in this.#server && !('encrypted' in socket)
  }

  #endIdle(socket: Socket): void {
    if (this.#isHandshaking(socket)) socket.destroy()
    else closeGently(socket)
  }

  #quietMs(socket: Socket): number {
    const now = monotonicMs()
    const bytes = socket.bytesRead + socket.bytesWritten
    const before = this.#quiet.get(socket)
    if (before?.bytes === bytes && !isAnswering(socket)) return now - before.sinceMs
    this.#quiet.set(socket, { bytes, sinceMs: now })
    return 0
  }

  #destroyAll(): void {
    for (const socket of this.#sockets) this.#destroy(socket)
  }

  #destroy(socket: Socket): void {
    this.#sessions.get(socket)?.destroy()
    socket.destroy()
  }

  #finish(): void {
    clearInterval(this.#look)
    this.#look = undefined
    for (const resolve of this.#waiters.splice(0)) resolve()
  }
}
