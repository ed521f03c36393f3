/**
 * The servers of this process: each gets its socket from the source when it begins to listen. When the process drains,
 * they stop accepting, and what is accepted is answered.
 *
 * Invariants: a descriptor that came from the source is closed exactly once; a server that the service closed accepts
 * nothing any more, on no socket; nothing here ever closes a connection.
 */
import type dgram from 'node:dgram'
import { once } from 'node:events'
import type net from 'node:net'
import { constants } from 'node:os'
import type { ListenQuery, SocketKey } from '../protocol.ts'
import { closeDescriptor } from '../system/socket-calls.ts'
import type { ServerCallback } from './cluster-hook.ts'
import { type ClusterQuery, toLibuvError, toListenQuery } from './cluster-query.ts'
import { createListenError } from './listen-error.ts'
import type { GivenSocket, Listener } from './listener.ts'
import type { DrainOptions, TrackedServer } from './track-server.ts'

/** A socket, or an error of the system (with an errno's name as `code`) why there is none. */
export type SocketOutcome = { readonly socket: GivenSocket } | { readonly error: unknown }

/** Where sockets come from: the master, or with --nofork this process. */
export interface SocketSource {
  /** @param take is called when it is there, before anything else that comes for it: a loan may be right behind */
  open(query: ListenQuery, take: (outcome: SocketOutcome) => void): void
  /** No server of this process accepts on it any more, because the service closed it. */
  unlisten(key: SocketKey): void
}

interface Asked extends GivenSocket {
  /** What it was asked for as. */
  readonly asked: string
  readonly backlog: number
}

/** What serving takes, loaded when there is something to serve. */
async function loadServing() {
  const [hook, listener, delivery, tracking] = await Promise.all([
    import('./cluster-hook.ts'),
    import('./listener.ts'),
    import('./deliver-connection.ts'),
    import('./track-server.ts'),
  ])
  return { ...hook, ...listener, ...delivery, ...tracking }
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
  #serving: Awaited<ReturnType<typeof loadServing>> | null = null
  #pending = 0
  #isDraining = false
  #onListening: () => void = () => {}

  /** @param backlog for servers that do not say one */
  constructor(source: SocketSource, backlog: number) {
    this.#source = source
    this.#backlog = backlog
  }

  /** Once in the life of a process. A worker that only runs jobs does without. */
  async install(): Promise<void> {
    this.#serving = await loadServing()
    this.#serving.answerListen((server, query, callback) => this.#answer(server, query, callback))
  }

  get #loaded(): Awaited<ReturnType<typeof loadServing>> {
    if (this.#serving === null) throw new Error('nothing is installed')
    return this.#serving
  }

  /** Resolves when a server listens, none is about to, and what waits for that has been called. */
  whenListening(): Promise<void> {
    return new Promise((resolve) => {
      this.#onListening = () => {
        if (this.#pending === 0 && this.#listeners.size > 0) setImmediate(resolve)
      }
      this.#onListening()
    })
  }

  /** Has a server listen on what the settings say. @returns when it does @throws an error of the system */
  async serve(server: net.Server, query: ListenQuery): Promise<void> {
    const listens = once(server, 'listening')
    this.#source.open(query, (outcome) => {
      if ('error' in outcome) return void server.emit('error', outcome.error)
      this.#given = { ...outcome.socket, asked: `settings ${outcome.socket.key}`, backlog: this.#backlog }
      server.listen({ port: 0 }) // asks for its socket at once, and gets this one
    })
    await listens
  }

  keys(): SocketKey[] {
    return [...this.#listeners.keys()]
  }

  #answer(server: net.Server | dgram.Socket, query: ClusterQuery, callback: ServerCallback): void {
    const given = this.#given
    this.#given = null
    if (given !== null) return this.#begin(server as net.Server, given, callback)
    if (query.fd !== undefined && query.fd >= 0) return this.#adopt(server as net.Server, query, callback)
    const asked = toListenQuery(query)
    const { index, name } = this.#claim(asked)
    this.#pending += 1
    this.#source.open({ ...asked, index }, (outcome) => {
      this.#pending -= 1
      if ('socket' in outcome) this.#take(server, query, { ...outcome.socket, asked: name }, callback)
      else this.#refuse(server, query, { asked: name, error: outcome.error }, callback)
      this.#onListening()
    })
  }

  #take(
    server: net.Server | dgram.Socket,
    { addressType, backlog }: ClusterQuery,
    socket: Omit<Asked, 'backlog'>,
    callback: ServerCallback,
  ): void {
    if (addressType === 'udp4' || addressType === 'udp6') {
      return answer(callback, this.#loaded.wrapDatagram(addressType, socket.descriptor))
    }
    this.#begin(server as net.Server, { ...socket, backlog: backlog || this.#backlog }, callback)
  }

  /** In a turn of its own: what a service throws in its `error` listener must not reach whoever told us. */
  #refuse(
    server: net.Server | dgram.Socket,
    query: ClusterQuery,
    { asked, error }: { readonly asked: string; readonly error: unknown },
    callback: ServerCallback,
  ): void {
    this.#asked.delete(asked)
    const errno = toLibuvError(error)
    const isDatagram = query.addressType === 'udp4' || query.addressType === 'udp6'
    // Node would speak of a bind, and of null where no address was named.
    const tell = () => (isDatagram ? callback(errno) : server.emit('error', createListenError(query, errno, error)))
    setImmediate(tell)
  }

  /** The service has a descriptor of its own: nothing of ours but the draining. */
  #adopt(server: net.Server, query: ClusterQuery, callback: ServerCallback): void {
    const handle = this.#loaded.createOwnHandle(query)
    if (typeof handle !== 'number') this.#keep(this.#loaded.trackServer(server), server)
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
    const { key, asked, descriptor } = socket
    if (this.#listeners.has(key)) {
      closeDescriptor(descriptor)
      return callback(-constants.errno.EADDRINUSE) // as for two servers of one process without us
    }
    const listener = this.#loaded.openListener({ ...socket, server, onClose: () => this.#end(key, asked) })
    if (typeof listener === 'number') return callback(listener)
    this.#listeners.set(key, listener)
    callback(0, listener.handle)
    if (this.#isDraining) this.#stop(listener, false)
  }

  /** The service closed the server. */
  #end(key: SocketKey, asked: string): void {
    const listener = this.#listeners.get(key)
    if (listener === undefined) return
    this.#listeners.delete(key)
    this.#asked.delete(asked)
    this.#keep(listener.tracked, listener.server)
    this.#source.unlisten(key)
  }

  /** The descriptor is ours from now on. */
  lend(key: SocketKey, slot: number, descriptor: number): void {
    const listener = this.#listeners.get(key)
    if (listener === undefined) closeDescriptor(descriptor)
    else listener.lend(slot, descriptor)
  }

  takeBack(key: SocketKey, slot: number): void {
    this.#listeners.get(key)?.takeBack(slot)
  }

  /** A connection that was accepted elsewhere. */
  connect(key: SocketKey, descriptor: number): void {
    const listener = this.#listeners.get(key)
    if (listener === undefined) closeDescriptor(descriptor)
    else this.#loaded.deliverConnection(listener.server, { fd: descriptor })
  }

  /**
   * No new connections. Servers stay open for their service, which may close them in its own time.
   * @param last what nobody accepts on after this: what waits there is accepted first
   */
  stopAccepting(last: readonly SocketKey[]): void {
    this.#isDraining = true
    for (const [key, listener] of this.#listeners) this.#stop(listener, last.includes(key))
  }

  #stop(listener: Listener, isLast: boolean): void {
    listener.stopAccepting(isLast)
    this.#keep(listener.tracked, listener.server)
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
