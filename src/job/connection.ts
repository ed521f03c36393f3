/**
 * One client of the store. What it is sent is collected and written once per turn. A client that does not read what
 * it asked for is dropped, because the store's memory is not its buffer; one that died is read to its end.
 */
import type { Socket } from 'node:net'
import type { WorkerId } from '../protocol.ts'
import { createLineReader, toLine } from '../system/line-reader.ts'
import { forgiveBrokenPipe } from './forgive-broken-pipe.ts'
import type { RequestId } from './parse-request.ts'
import type { WireError } from './wire.ts'

/** Bytes that may wait for a client to read them. */
const OUTPUT_LIMIT_BYTES = 8 * 1024 * 1024

export interface ConnectionEvents {
  onLine(line: string): void
  onClose(): void
}

export class Connection {
  /** Null until the client has said to be a worker; null again when that worker has another connection. */
  worker: WorkerId | null = null
  types: ReadonlySet<string> = new Set()
  /** Has the client ever sent a request? */
  isUsed = false
  readonly #socket: Socket
  #pending = ''
  /** Does the client read no more? What it wrote before is still to be read. */
  #isBroken = false

  /** @param lineLimitBytes a longer line ends the connection, with an error answer */
  constructor(socket: Socket, lineLimitBytes: number, events: ConnectionEvents) {
    this.#socket = socket
    const tooLong = (limit: number): void => {
      this.refuse(null, { code: 'too-long', message: `a line is over the limit of ${limit} bytes` })
      this.end()
    }
    socket.on('data', createLineReader(events.onLine, tooLong, lineLimitBytes))
    forgiveBrokenPipe(socket, () => {
      this.#isBroken = true
    })
    socket.on('error', () => socket.destroy()) // the client went; `close` follows
    socket.on('close', () => events.onClose())
  }

  isOpen(): boolean {
    return !this.#isBroken && !this.#socket.destroyed && this.#socket.writable
  }

  answer(id: RequestId, body: object): void {
    this.tell({ id, ok: true, ...body })
  }

  refuse(id: RequestId, error: WireError): void {
    this.tell({ id, ok: false, error })
  }

  tell(message: object): void {
    this.#pending += toLine(message)
  }

  /** Writes what was collected. */
  flush(): void {
    const text = this.#pending
    this.#pending = ''
    if (text === '' || !this.isOpen()) return
    this.#socket.write(text)
    if (this.#socket.writableLength > OUTPUT_LIMIT_BYTES) this.destroy()
  }

  /** Sends what is collected, then closes, whatever the client does. */
  end(): void {
    this.flush()
    this.#socket.destroySoon()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}
