/**
 * HTTP/2 on a server that drains: GOAWAY with the highest stream there can be says that the end comes, a ping gives what
 * the client sent until it read that the time to arrive, then the session closes when its last stream has ended.
 *
 * What is used of Node's inside: `socket._handle.readStart()`. Once a GOAWAY is out and no stream is open, nghttp2 wants
 * to read no more, and Node stops reading: requests on their way, the ping's answer and the client's FIN stay unread.
 */
import type { ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'

/** Written out, because node:http2 and node:tls cost a process 4 MB. */
const NGHTTP2_NO_ERROR = 0
const LAST_STREAM = 2 ** 31 - 1
/** A client that answers no ping is not waited for. */
const PING_MS = 2000
const READ_MS = 10

type ReadableSocket = Socket & { readonly _handle?: { readStart?(): number } | null }

/**
 * @param socket the connection of the session
 * @param idleMs how long a client that has not asked anything yet is given for its first request
 */
export function drainSession(session: ServerHttp2Session, socket: Socket, idleMs: number): void {
  if (session.closed || session.destroyed) return
  const announce = (): void => {
    clearTimeout(timer)
    session.removeListener('stream', announce)
    announceEnd(session, socket)
  }
  const hasAsked = (session.state.lastProcStreamID ?? 0) > 0
  const timer = setTimeout(announce, hasAsked ? 0 : idleMs)
  session.once('stream', announce)
  session.once('close', () => clearTimeout(timer))
}

function announceEnd(session: ServerHttp2Session, socket: ReadableSocket): void {
  if (session.closed || session.destroyed) return
  session.goaway(NGHTTP2_NO_ERROR, LAST_STREAM)
  const close = (): void => {
    clearTimeout(patience)
    clearInterval(reading)
    session.close()
  }
  const patience = setTimeout(close, PING_MS)
  const reading = setInterval(() => socket._handle?.readStart?.(), READ_MS)
  session.once('close', close)
  session.ping(close)
}
