/** A client that sends and sees bytes, for what a protocol's own client hides: FIN and RST, half a request, pipelining. */
import assert from 'node:assert/strict'
import { connect, type Server, type Socket } from 'node:net'
import { waitFor } from './wait-for.ts'

export interface RawClient {
  readonly socket: Socket
  send(text: string): void
  /** All that came so far. */
  text(): string
  /** What ended the connection; null while it is open. */
  end(): 'fin' | 'reset' | null
  /** Resolves when all that was sent is with the kernel, and the server has not reset the connection meanwhile. */
  waitUntilSent(): Promise<void>
  waitForText(part: string): Promise<string>
  /** @returns all that came */
  waitForEnd(how: 'fin' | 'reset'): Promise<string>
}

export async function connectRaw(server: Server): Promise<RawClient> {
  const { port } = server.address() as { port: number }
  return readRaw(connect({ port, host: '127.0.0.1', allowHalfOpen: true }))
}

/** @param socket a connection that is about to be made */
export async function readRaw(socket: Socket): Promise<RawClient> {
  let text = ''
  let end: 'fin' | 'reset' | null = null
  let wasReset = false
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    text += chunk
  })
  socket.on('end', () => {
    end ??= 'fin'
  })
  socket.on('error', () => {
    wasReset = true
    end ??= 'reset'
  })
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  return {
    socket,
    send: (part) => void socket.write(part, 'latin1'),
    text: () => text,
    end: () => end,
    async waitUntilSent() {
      await waitFor('all to be sent, or a reset', () => wasReset || socket.writableLength === 0)
      assert.ok(!wasReset, 'the connection was reset')
    },
    async waitForText(part) {
      await waitFor(
        `“${part}” to arrive`,
        () => text,
        (value) => value.includes(part),
      )
      return text
    },
    async waitForEnd(how) {
      await waitFor(
        `the end of the connection by ${how}`,
        () => [end, text] as const,
        ([value]) => value === how,
      )
      socket.destroy()
      return text
    },
  }
}

/** A request without a body. */
export function get(path: string, ...headers: string[]): string {
  return [`GET ${path} HTTP/1.1`, 'Host: test', ...headers, '', ''].join('\r\n')
}

/** How many responses there are in a text, and which of them say that they are the last. */
export function responses(
  text: string,
): { readonly status: number; readonly isLast: boolean; readonly body: string }[] {
  return text
    .split(/(?=HTTP\/1\.1 )/)
    .filter((one) => one !== '')
    .map((one) => ({
      status: Number(one.slice(9, 12)),
      isLast: /^connection: close\r$/im.test(one),
      body: one.slice(one.indexOf('\r\n\r\n') + 4),
    }))
}
