/** Gives a server a connection that its own handle did not accept, as if it had. */
import net from 'node:net'

/** What net.Server does for each connection: counts it, so that `close()` waits for it, and has an upper limit. */
interface ServerInternals extends net.Server {
  _connections: number
  readonly allowHalfOpen: boolean
  readonly pauseOnConnect: boolean
  readonly noDelay: boolean
  readonly keepAlive: boolean
  readonly keepAliveInitialDelay: number
}

/** @param from an accepted connection as libuv has it, or its descriptor; owned by the socket from now on */
export function deliverConnection(
  server: net.Server,
  from: { readonly handle: object } | { readonly fd: number },
): void {
  const internals = server as ServerInternals
  const { allowHalfOpen, pauseOnConnect, noDelay, keepAlive, keepAliveInitialDelay } = internals
  const options = { ...from, allowHalfOpen, pauseOnCreate: pauseOnConnect, readable: true, writable: true }
  const socket = new net.Socket(options as net.SocketConstructorOpts)
  if (server.maxConnections > 0 && internals._connections >= server.maxConnections) {
    socket.destroy()
    return
  }
  if (noDelay) socket.setNoDelay(true)
  if (keepAlive) socket.setKeepAlive(true, keepAliveInitialDelay * 1000)
  internals._connections += 1
  Object.assign(socket, { server, _server: server })
  server.emit('connection', socket)
}
