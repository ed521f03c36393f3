/**
 * How a server that knows nothing of us gets its socket: Node asks a cluster's primary for it when the process is a
 * cluster worker, and we answer in its place. The service's own code stays as it is: `listen(3000)` in express,
 * fastify, ws or plain net comes here, with its arguments read and host names looked up by Node.
 *
 * Internals of Node 26 that this rests on, and what would show that they changed (test/process/unmodified.test.ts):
 * `cluster._getServer(server, query, callback)`, called by net and dgram unless `exclusive`; `net._createServerHandle`.
 */
import cluster from 'node:cluster'
import dgram from 'node:dgram'
import net from 'node:net'
import { constants } from 'node:os'
import { type ClusterQuery, isListenable } from './cluster-query.ts'

/** A listening socket as libuv has it; what `net.Server` keeps in `_handle`. */
export interface ListenHandle {
  onconnection: ((error: number, client: object | undefined) => void) | null
  listen(backlog: number): number
  close(callback?: () => void): void
  getsockname?(out: object): number
}

/** `error` is an errno, negative, as libuv has it; 0 with a handle. */
export type ServerCallback = (error: number, handle?: object) => void
export type GetServer = (server: net.Server | dgram.Socket, query: ClusterQuery, callback: ServerCallback) => void

interface ClusterInternals {
  isPrimary: boolean
  isMaster: boolean
  isWorker: boolean
  _getServer: GetServer
}

interface NetInternals {
  _createServerHandle(
    address: string | null,
    port: number,
    type: number,
    fd: number | undefined,
    flags?: number,
  ): ListenHandle | number
}

/** From now on every server of this process that begins to listen is asked for here. */
export function answerListen(getServer: GetServer): void {
  const internals = cluster as unknown as ClusterInternals
  internals.isPrimary = false
  internals.isMaster = false
  internals.isWorker = true
  internals._getServer = (server, query, callback) => {
    if (isListenable(query)) getServer(server, query, callback)
    else setImmediate(() => callback(-constants.errno.EINVAL)) // when the service listens for `error`
  }
  shareReusePort()
}

/** `reusePort: true` would bind in the worker, past us; the master's sockets are the same thing, and outlive it. */
function shareReusePort(): void {
  const { listen } = net.Server.prototype
  net.Server.prototype.listen = function (this: net.Server, ...args: unknown[]) {
    const [options, ...rest] = args
    const isShared = typeof options === 'object' && options !== null && 'reusePort' in options
    return Reflect.apply(listen, this, isShared ? [{ ...options, reusePort: false }, ...rest] : args)
  } as typeof listen
}

/** Wraps a listening descriptor, which it owns from then on. @returns an errno, negative, when it cannot */
export function wrapListening(descriptor: number): ListenHandle | number {
  return (net as unknown as NetInternals)._createServerHandle(null, 0, -1, descriptor)
}

/** What Node would have done itself: for a descriptor that the service brings along. */
export function createOwnHandle({ address, port, addressType, fd, flags }: ClusterQuery): ListenHandle | number {
  return (net as unknown as NetInternals)._createServerHandle(address, port, Number(addressType), fd, flags)
}

/** Wraps a bound datagram socket. */
export function wrapDatagram(type: 'udp4' | 'udp6', descriptor: number): object | number {
  const socket = dgram.createSocket(type)
  const symbol = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'state symbol')
  const { handle } = (socket as unknown as Record<symbol, { handle: { open(fd: number): number } }>)[symbol!]!
  const error = handle.open(descriptor)
  return error === 0 ? handle : error
}
