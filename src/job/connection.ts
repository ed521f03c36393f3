/**
 * One client of the store. What it is sent is collected and written once per turn. A client that does not read what
 * it asked for is dropped, because the store's memory is not its buffer.
 */
import type { Socket } from 'node:net'
import type { WorkerId } from '../protocol.ts'
import { createLineReader, toLine } from '../system/line-reader.ts'
import type { RequestId } from './parse-request.ts'
import type { WireError } from './wire.ts'

/** Bytes that may wait for a client to read them. */
const OUTPUT_LIMIT_BYTES = 8 * 1024 * 1024

export interface Connection {
  /** Null until the client has said to be a worker; null again when that worker has another connection or is gone. */
  worker: WorkerId | null
  types: ReadonlySet<string>
  /** Has the client ever sent a request? */
  isUsed: boolean
  readonly isOpen: () => boolean
  answer(id: RequestId, body: object): void
  refuse(id: RequestId, error: WireError): void
  tell(event: object): void
  /** Writes what was collected. */
  flush(): void
  /** Sends what is collected, then closes. */
  end(): void
  destroy(): void
}

export interface ConnectionEvents {
  onLine(line: string): void
  onClose(): void
}

/** @param lineLimitBytes a longer line ends the connection, with an error answer */
export function openConnection(socket: Socket, lineLimitBytes: number, events: ConnectionEvents): Connection {
  let pending = ''
  const connection: Connection = {
    worker: null,
    types: new Set(),
    isUsed: false,
    isOpen: () => !socket.destroyed && socket.writable,
    answer: (id, body) => connection.tell({ id, ok: true, ...body }),
    refuse: (id, error) => connection.tell({ id, ok: false, error }),
    tell(event) {
      pending += toLine(event)
    },
    flush() {
      if (pending === '') return
      const text = pending
      pending = ''
      if (!connection.isOpen()) return
      socket.write(text)
      if (socket.writableLength > OUTPUT_LIMIT_BYTES) socket.destroy()
    },
    end() {
      connection.flush()
      socket.destroySoon()
    },
    destroy: () => socket.destroy(),
  }
  const tooLong = (limit: number): void => {
    connection.refuse(null, { code: 'too-long', message: `a line is over the limit of ${limit} bytes` })
    connection.end()
  }
  socket.on('data', createLineReader(events.onLine, tooLong, lineLimitBytes))
  socket.on('error', () => socket.destroy()) // the client went while we wrote; `close` follows
  socket.on('close', () => events.onClose())
  return connection
}
