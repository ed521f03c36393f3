/** Answers that are ours, not the service's: one line of text that says what its status says. */
import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { closeGently } from './close-gently.ts'

const TYPE = 'text/plain; charset=utf-8'

const textOf = (status: number): string => `${status} ${STATUS_CODES[status]}\n`

/** @param response nothing of it was sent; headers that were set for another answer are taken back */
export function answerText(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  const text = textOf(status)
  for (const name of response.getHeaderNames()) response.removeHeader(name)
  response.writeHead(status, { 'Content-Type': TYPE, 'Content-Length': text.length, ...headers })
  response.end(text)
}

/** Without a request that could be answered; the connection ends. */
export function answerRaw(socket: Socket, status: number): void {
  const text = textOf(status)
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `Content-Type: ${TYPE}`,
    `Content-Length: ${text.length}`,
    'Connection: close',
  ]
  if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${text}`)
  closeGently(socket)
}
