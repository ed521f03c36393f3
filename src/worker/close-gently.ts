/**
 * A lingering close: FIN, then what the client still sends is read and dropped until it closes too. Closing a socket
 * with unread bytes makes the kernel answer with RST, which destroys an answer the client has not read yet.
 */
import type { Socket } from 'node:net'

/** After the FIN is out; a client that reads its answer closes long before. */
const LINGER_MS = 2000

const LINGERING: unique symbol = Symbol('closes gently')

/** What is written goes out, then the connection ends. Nothing that comes in is given to anybody any more. */
export function closeGently(socket: Socket & { [LINGERING]?: true }, lingerMs = LINGER_MS): void {
  if (socket.destroyed || socket[LINGERING]) return
  socket[LINGERING] = true
  socket.on('error', ignore) // a client that resets has what it wants
  if (socket.isPaused())
    socket.once('resume', discard) // only then does an HTTP parser read its socket again
  else discard.call(socket)
  const linger = (): void => {
    const timer = setTimeout(() => socket.destroy(), lingerMs)
    socket.once('close', () => clearTimeout(timer))
  }
  if (socket.writableFinished) linger()
  else socket.once('finish', linger)
  if (!socket.writableEnded) socket.end()
  socket.resume()
}

/** An HTTP parser reads from its socket's handle; it gives that back when somebody else listens for data. */
function discard(this: Socket): void {
  this.removeAllListeners('data')
  this.removeAllListeners('end')
  this.on('data', ignore)
}

function ignore(): void {}
