/**
 * A peer that died may have written before: what it wrote lies in our socket, to be read. But a write that fails makes
 * Node destroy the whole socket, with all that is unread. Here such a failure ends the writing only.
 */
import type { Socket } from 'node:net'
import { errnoOf } from '../errors.ts'

type WriteEnd = (error?: Error | null) => void

/** @param onBroken the peer reads no more; what it wrote is still read, and then comes `close` */
export function forgiveBrokenPipe(socket: Socket, onBroken: () => void): void {
  const { _write, _writev } = socket
  const forgive = (end: WriteEnd): WriteEnd => {
    return (error) => {
      const errno = errnoOf(error)
      if (errno !== 'EPIPE' && errno !== 'ECONNRESET') return end(error)
      onBroken()
      end(null)
    }
  }
  socket._write = (chunk, encoding, end) => _write.call(socket, chunk, encoding, forgive(end))
  socket._writev = (chunks, end) => _writev?.call(socket, chunks, forgive(end))
}
