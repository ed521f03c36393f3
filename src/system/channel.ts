/**
 * The channel between a process and its child: a socket pair, one JSON message per line. Our own rather than Node's
 * IPC, because it can be passed on and adopted again.
 */
import { Socket } from 'node:net'
import { createLineReader, parseLine, toLine } from './line-reader.ts'

export interface Channel<Out> {
  /** Messages to a peer that has gone are dropped: its exit is told by the kernel. */
  send(message: Out): void
  /** Sends what is under way, then closes. */
  close(): void
}

export interface ChannelEvents {
  /** Each message; its shape is the peer's word only. */
  onMessage(message: Record<string, unknown>): void
  /** The peer has closed, or broke the protocol. Once. */
  onClose(): void
}

export function openChannel<Out>(socket: Socket, events: ChannelEvents): Channel<Out> {
  let open = true
  const close = () => {
    if (!open) return
    open = false
    socket.destroy()
    events.onClose()
  }
  const read = createLineReader((line) => {
    const message = parseLine(line)
    if (message === null) close()
    else if (open) events.onMessage(message)
  }, close)
  socket.on('data', read)
  socket.on('error', close) // EPIPE, ECONNRESET: the peer is gone
  socket.on('close', close)
  socket.on('end', close)
  return {
    send: (message) => {
      if (open && socket.writable) socket.write(toLine(message))
    },
    close: () => {
      open = false
      socket.end()
    },
  }
}

/** The channel to the parent, on a descriptor that was inherited. */
export function adoptSocket(fd: number): Socket {
  return new Socket({ fd, readable: true, writable: true })
}
