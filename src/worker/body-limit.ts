/** Request bodies over the limit: 413, before the handler sees them where the client says the size, else at the byte. */
import { IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { answerRaw, answerText } from './answer.ts'
import { closeGently } from './close-gently.ts'

/** What the client says of its body, against the limit in bytes (0: none). */
export function isTooLarge(request: IncomingMessage, limitBytes: number): boolean {
  return limitBytes > 0 && Number(request.headers['content-length'] ?? 0) > limitBytes
}

/** The rest of the upload is read and dropped for a while, so that the client sees the answer. */
export function refuseBody({ socket }: IncomingMessage, response: ServerResponse): void {
  socket.destroySoon = () => closeGently(socket) // with which Node ends the connection after its last answer
  answerText(response, 413, { Connection: 'close' })
}

/** Counts a body of unknown size as it is read. Over the limit, its handler sees what it sees of a client that leaves. */
export function countBody(request: IncomingMessage, response: ServerResponse, limitBytes: number): void {
  if (limitBytes === 0 || request.headers['transfer-encoding'] === undefined) return
  let leftBytes = limitBytes - request.readableLength // a server that drains hands requests over a little later
  const refuse = (): boolean => {
    refuseRest(request.socket, response)
    return true
  }
  if (leftBytes < 0) return void refuse()
  request.push = (chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
    leftBytes -= chunk?.length ?? 0
    return leftBytes < 0 ? refuse() : IncomingMessage.prototype.push.call(request, chunk, encoding)
  }
}

/** Past the response, which is the handler's: whatever that does with it later goes nowhere, and harms nobody. */
function refuseRest(
  socket: Socket & { readonly _httpMessage?: ServerResponse | null },
  response: ServerResponse,
): void {
  if (response.headersSent || socket._httpMessage !== response) socket.destroy()
  else answerRaw(socket, 413)
}
