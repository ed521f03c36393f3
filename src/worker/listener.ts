/**
 * One server of the service and the sockets that it accepts on: the one that its slot has for the address, and those of
 * other slots while they are lent. When it stops accepting, it does so at the level of the sockets: they are the
 * master's, others go on with them, and the server itself stays open for its service.
 */
import type net from 'node:net'
import type { SocketKey } from '../protocol.ts'
import { acceptWaiting, closeDescriptor } from '../system/socket-calls.ts'
import { type ListenHandle, wrapListening } from './cluster-hook.ts'
import { deliverConnection } from './deliver-connection.ts'
import { type TrackedServer, trackServer } from './track-server.ts'

export interface GivenSocket {
  readonly key: SocketKey
  /** Owned by who asked. */
  readonly descriptor: number
  /** Somebody else accepts on it, and passes connections on. */
  readonly isPassive: boolean
}

export interface ListenerOptions extends GivenSocket {
  readonly server: net.Server
  readonly backlog: number
  /** The service closed the server. */
  readonly onClose: () => void
}

interface OpenSocket {
  readonly descriptor: number
  readonly handle: ListenHandle
}

/** @returns an errno, negative, when the descriptor cannot be used; it is closed then */
export function openListener(options: ListenerOptions): Listener | number {
  const handle = wrapListening(options.descriptor)
  return typeof handle === 'number' ? handle : new Listener(options, handle)
}

export class Listener {
  readonly server: net.Server
  readonly tracked: TrackedServer
  readonly #own: OpenSocket
  readonly #backlog: number
  /** By slot. */
  readonly #lent = new Map<number, OpenSocket>()
  #isAccepting = true

  constructor({ server, descriptor, isPassive, backlog, onClose }: ListenerOptions, handle: ListenHandle) {
    this.server = server
    this.tracked = trackServer(server)
    this.#own = { descriptor, handle }
    this.#backlog = backlog
    const { close, listen } = handle
    handle.listen = () => (isPassive ? 0 : listen.call(handle, backlog))
    handle.close = (done) => {
      close.call(handle, done)
      if (!this.#isAccepting) return
      this.stopAccepting(false)
      onClose()
    }
  }

  /** What the server is to keep as its own. */
  get handle(): ListenHandle {
    return this.#own.handle
  }

  /** Accepts on the socket of another slot too; the descriptor is ours from now on. */
  lend(slot: number, descriptor: number): void {
    if (!this.#isAccepting || this.#lent.has(slot)) return closeDescriptor(descriptor)
    const handle = wrapListening(descriptor)
    if (typeof handle === 'number') return
    handle.onconnection = (error, client) => {
      if (error === 0 && client !== undefined) deliverConnection(this.server, { handle: client })
    }
    handle.listen(this.#backlog)
    this.#lent.set(slot, { descriptor, handle })
  }

  takeBack(slot: number): void {
    this.#lent.get(slot)?.handle.close()
    this.#lent.delete(slot)
  }

  /** @param isLast nobody accepts on these sockets after this: what waits there is accepted first */
  stopAccepting(isLast: boolean): void {
    this.#isAccepting = false
    for (const { descriptor, handle } of [this.#own, ...this.#lent.values()]) {
      if (isLast) for (const fd of acceptWaiting(descriptor)) deliverConnection(this.server, { fd })
      keepAddress(handle)
      handle.close()
    }
    this.#lent.clear()
  }
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
