/**
 * The servers of this process and the sockets they accept on: their slot's own, which the source gives when a server
 * begins to listen, and those of other slots that are lent for a while. When the process drains it stops accepting
 * at the level of the socket: the sockets are the master's, others go on with them, and what is accepted is answered.
 *
 * Invariants: a descriptor that came from the source is closed exactly once; a server that the service closed accepts
 * nothing any more, on no socket; nothing here ever closes a connection.
 */
import type dgram from 'node:dgram'
import { once } from 'node:events'
import type net from 'node:net'
import { constants } from 'node:os'
import { resolve } from 'node:path'
import { errnoOf } from '../errors.ts'
import type { ListenQuery, SocketKey } from '../protocol.ts'
import { acceptWaiting, closeDescriptor } from '../system/socket-calls.ts'
import type { ClusterQuery, ListenHandle, ServerCallback } from './cluster-hook.ts'
import { deliverConnection } from './deliver-connection.ts'
import type { DrainOptions, TrackedServer } from './track-server.ts'

/** Where sockets come from: the master, or with --nofork this process. */
export interface SocketSource {
  /** @throws an error with an errno's name as `code` */
  open(query: ListenQuery): Promise<GivenSocket>
  /** No server of this process accepts on it any more, because the service closed it. */
  unlisten(key: SocketKey): void
}

export interface GivenSocket {
  readonly key: SocketKey
  /** Owned by who asked. */
  readonly descriptor: number
  /** Somebody else accepts on it, and passes connections on. */
  readonly isPassive: boolean
}

interface Asked extends GivenSocket {
  readonly asked: string
  readonly backlog: number
}

interface Listener {
  readonly key: SocketKey
  readonly asked: string
  readonly server: net.Server
  readonly tracked: TrackedServer
  readonly descriptor: number
  readonly handle: ListenHandle
  /** By slot. */
  readonly lent: Map<number, { readonly descriptor: number; readonly handle: ListenHandle }>
}

export class Listening {
  readonly #source: SocketSource
  readonly #backlog: number
  readonly #listeners = new Map<SocketKey, Listener>()
  /** Those whose connections are to end before the process does, though they accept no more. */
  readonly #closed = new Set<TrackedServer>()
  /** `KIND HOST PORT#INDEX` of what is asked for or listened on. */
  readonly #asked = new Set<string>()
  #given: Asked | null = null
  #hook: typeof import('./cluster-hook.ts') | null = null
  #tracking: typeof import('./track-server.ts') | null = null
  #pending = 0
  #isDraining = false
  #onListening: () => void = () => {}

  /** @param backlog for servers that do not say one */
  constructor(source: SocketSource, backlog: number) {
    this.#source = source
    this.#backlog = backlog
  }

  /** Once in the life of a process. What it takes is loaded here: a worker that only runs jobs does without. */
  async install(): Promise<void> {
    const [hook, tracking] = await Promise.all([import('./cluster-hook.ts'), import('./track-server.ts')])
    this.#hook = hook
    this.#tracking = tracking
    hook.answerListen((server, query, callback) => {
      this.#answer(server, query, callback).catch((error: unknown) => callback(toLibuvError(error)))
    })
  }

  get #loaded(): typeof import('./cluster-hook.ts') {
    if (this.#hook === null) throw new Error('nothing is installed')
    return this.#hook
  }

  #track(server: net.Server): TrackedServer {
    if (this.#tracking === null) throw new Error('nothing is installed')
    return this.#tracking.trackServer(server)
  }

  /** Resolves when a server listens, and none is about to. */
  whenListening(): Promise<void> {
    return new Promise((resolve) => {
      this.#onListening = () => {
        if (this.#pending === 0 && this.#listeners.size > 0) resolve()
      }
      this.#onListening()
    })
  }

  /** Has a server listen on what the settings say. @returns when it does @throws an error of the system */
  async serve(server: net.Server, query: ListenQuery): Promise<void> {
    const socket = await this.#source.open(query)
    const listens = once(server, 'listening')
    this.#given = { ...socket, asked: `settings ${socket.key}`, backlog: this.#backlog }
    server.listen({ port: 0 }) // asks for its socket at once, and gets this one
    await listens
  }

  keys(): SocketKey[] {
    return [...this.#listeners.keys()]
  }

  async #answer(server: net.Server | dgram.Socket, query: ClusterQuery, callback: ServerCallback): Promise<void> {
    const given = this.#given
    this.#given = null
    if (given !== null) return this.#begin(server as net.Server, given, callback)
    if (query.fd !== undefined && query.fd >= 0) return this.#adopt(server as net.Server, query, callback)
    const asked = toListenQuery(query)
    const { index, name } = this.#claim(asked)
    this.#pending += 1
    try {
      const socket = await this.#source.open({ ...asked, index })
      const { addressType } = query
      if (addressType === 'udp4' || addressType === 'udp6')
        return answer(callback, this.#loaded.wrapDatagram(addressType, socket.descriptor))
      const backlog = query.backlog || this.#backlog
      this.#begin(server as net.Server, { ...socket, asked: name, backlog }, callback)
    } finally {
      this.#pending -= 1
      this.#onListening()
    }
  }

  /** The service has a descriptor of its own: nothing of ours but the draining. */
  #adopt(server: net.Server, query: ClusterQuery, callback: ServerCallback): void {
    const handle = this.#loaded.createOwnHandle(query)
    if (typeof handle !== 'number') this.#keep(this.#track(server), server)
    answer(callback, handle)
  }

  /** Two servers of one worker that want any port get different numbers; every worker counts alike. */
  #claim(asked: Omit<ListenQuery, 'index'>): { index: number; name: string } {
    const isAny = asked.port === 0 && asked.kind !== 'unix'
    for (let index = 0; ; index++) {
      const name = `${asked.kind} ${asked.host} ${asked.port}#${index}`
      if (isAny && this.#asked.has(name)) continue
      this.#asked.add(name)
      return { index, name }
    }
  }

  /** Its connections are still to be waited for. */
  #keep(tracked: TrackedServer, server: net.Server): void {
    this.#closed.add(tracked)
    server.once('close', () => this.#closed.delete(tracked))
  }

  #begin(server: net.Server, socket: Asked, callback: ServerCallback): void {
    const { key, asked, descriptor, isPassive, backlog } = socket
    if (this.#listeners.has(key)) {
      closeDescriptor(descriptor)
      return callback(-constants.errno.EADDRINUSE) // as for two servers of one process without us
    }
    const handle = this.#loaded.wrapListening(descriptor)
    if (typeof handle === 'number') return callback(handle)
    const { close, listen } = handle
    handle.listen = () => (isPassive ? 0 : listen.call(handle, backlog))
    handle.close = (done) => {
      close.call(handle, done)
      this.#end(key)
    }
    this.#listeners.set(key, { key, asked, server, tracked: this.#track(server), descriptor, handle, lent: new Map() })
    callback(0, handle)
    if (this.#isDraining) this.stopAccepting([])
  }

  /** The service closed the server. */
  #end(key: SocketKey): void {
    const listener = this.#listeners.get(key)
    if (listener === undefined || this.#isDraining) return
    this.#listeners.delete(key)
    this.#asked.delete(listener.asked)
    this.#keep(listener.tracked, listener.server)
    for (const { handle } of listener.lent.values()) handle.close()
    this.#source.unlisten(key)
  }

  /** Accepts on the socket of another slot too; the descriptor is ours from now on. */
  lend(key: SocketKey, slot: number, descriptor: number): void {
    const listener = this.#listeners.get(key)
    if (listener === undefined || this.#isDraining || listener.lent.has(slot)) return closeDescriptor(descriptor)
    const handle = this.#loaded.wrapListening(descriptor)
    if (typeof handle === 'number') return closeDescriptor(descriptor)
    handle.onconnection = (error, client) => {
      if (error === 0 && client !== undefined) deliverConnection(listener.server, { handle: client })
    }
    handle.listen(this.#backlog)
    listener.lent.set(slot, { descriptor, handle })
  }

  takeBack(key: SocketKey, slot: number): void {
    const lent = this.#listeners.get(key)?.lent
    lent?.get(slot)?.handle.close()
    lent?.delete(slot)
  }

  /** A connection that was accepted elsewhere. */
  connect(key: SocketKey, descriptor: number): void {
    const listener = this.#listeners.get(key)
    if (listener === undefined) return closeDescriptor(descriptor)
    deliverConnection(listener.server, { fd: descriptor })
  }

  /**
   * No new connections. Servers stay open for their service, which may close them in its own time.
   * @param last what nobody accepts on after this: what waits there is accepted first
   */
  stopAccepting(last: readonly SocketKey[]): void {
    this.#isDraining = true
    for (const [key, { server, tracked, descriptor, handle, lent }] of this.#listeners) {
      for (const socket of [{ descriptor, handle }, ...lent.values()]) {
        if (last.includes(key)) for (const fd of acceptWaiting(socket.descriptor)) deliverConnection(server, { fd })
        keepAddress(socket.handle)
        socket.handle.close()
      }
      this.#keep(tracked, server)
    }
    this.#listeners.clear()
  }

  /**
   * Resolves when no connection is left; those left when `signal` aborts are destroyed.
   * @param onRequestsDone what is left is the service's to end: WebSockets, plain TCP
   */
  async drain(options: DrainOptions, onRequestsDone: () => void): Promise<void> {
    const ends = [...this.#closed].map((tracked) => tracked.drain(options))
    await Promise.all([...this.#closed].map((tracked) => tracked.whenRequestsDone()))
    onRequestsDone()
    await Promise.all(ends)
  }
}

function answer(callback: ServerCallback, handle: object | number): void {
  if (typeof handle === 'number') callback(handle)
  else callback(0, handle)
}

/** `server.address()` of a server that drains is what it was. */
function keepAddress(handle: ListenHandle): void {
  const address = {}
  if (handle.getsockname === undefined || handle.getsockname(address) !== 0) return
  handle.getsockname = (out) => {
    Object.assign(out, address)
    return 0
  }
}

const IPV6_ONLY = 1

function toListenQuery({ address, port, addressType, flags, backlog }: ClusterQuery): Omit<ListenQuery, 'index'> {
  const common = { ipv6Only: (flags & IPV6_ONLY) !== 0, backlog: backlog || null }
  if (addressType === -1) return { ...common, kind: 'unix', host: resolve(address ?? ''), port: 0 }
  const kind = addressType === 'udp4' || addressType === 'udp6' ? 'udp' : 'tcp'
  const any = addressType === 'udp4' ? '0.0.0.0' : addressType === 'udp6' ? '::' : null
  return { ...common, kind, host: address ?? any, port: Math.max(0, port) }
}

/** @throws what is no error of the system. Node words these itself: `listen EADDRINUSE: address already in use 127.0.0.1:80`. */
function toLibuvError(error: unknown): number {
  const code = errnoOf(error)
  const known = Object.entries(constants.errno).find(([name]) => name === code)
  if (known === undefined) throw error
  return -known[1]
}
