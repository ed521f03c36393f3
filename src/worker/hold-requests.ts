/**
 * HTTP/1 on a server that drains: each connection gets one last answer, which says `Connection: close`.
 *
 * Requests are held back until the end of the loop's turn: by then all that came in one chunk are known, and the last
 * of them carries the close. Node drops what was pipelined behind an answer that says close, so none may say it early.
 *
 * What is used of Node's inside: `socket.parser` (null once the connection was upgraded) and its `incoming` (the
 * request that came last), `socket._httpMessage` (the response that is being sent), `response.shouldKeepAlive`, and that
 * Node ends a connection after its last response with `socket.destroySoon()`.
 */
import { IncomingMessage, type ServerResponse } from 'node:http'
import type { Server, Socket } from 'node:net'
import { closeGently } from './close-gently.ts'

type Response = ServerResponse & { shouldKeepAlive: boolean }
type HttpSocket = Socket & {
  readonly parser?: { readonly incoming: (IncomingMessage & { readonly upgrade?: boolean }) | null } | null
  readonly _httpMessage?: Response | null
  destroySoon: () => void
}

const ANSWERED = new Set(['request', 'checkContinue', 'checkExpectation'])
const UPGRADED = new Set(['upgrade', 'connect'])

/** Connection → the response that ends it. What comes behind is not given to the service. */
const lastResponses = new WeakMap<Socket, Response>()

/** Is this an HTTP/1 connection, and not (yet) anything else, such as a WebSocket? */
export function speaksHttp(socket: HttpSocket): boolean {
  return socket.parser != null && socket.parser.incoming?.upgrade !== true
}

/** Is a request being answered? */
export function isAnswering(socket: HttpSocket): boolean {
  return socket._httpMessage != null
}

/** The requests in hand get an answer that ends the connection; whatever ends it ends it gently. */
export function endAfterAnswer(socket: HttpSocket): void {
  socket.destroySoon = () => closeGently(socket)
  const response = socket._httpMessage
  if (response == null) return
  closeIfLast(response)
  response.once('finish', () => endAfterAnswer(socket)) // by then Node has turned to the next in the pipeline
}

/** From now on the last answer of each connection of this server says close. Once per server. */
export function holdRequests(server: Server): void {
  const emit = server.emit.bind(server) as (event: string, ...values: unknown[]) => boolean
  const emitHeld = (event: string, ...values: unknown[]): boolean => {
    const [request, response] = values
    const isUpgrade = UPGRADED.has(event)
    if (!(isUpgrade || ANSWERED.has(event)) || !(request instanceof IncomingMessage)) return emit(event, ...values)
    if (lastResponses.has(request.socket)) return true // it came after the client was told
    if (isUpgrade) return emit(event, ...values)
    closeIfLast(response as Response)
    setImmediate(() => emit(event, ...values))
    return true
  }
  // close() of a service resets through this what is accepted and has not sent its request yet.
  Object.assign(server, { emit: emitHeld, closeIdleConnections: () => {} })
}

/** When its header is written, and nothing is known behind it, it says close. */
function closeIfLast(response: Response): void {
  const writeHead = response.writeHead as (status: number, ...rest: unknown[]) => Response
  const writeLastHead = (status: number, ...rest: unknown[]): Response => {
    if (status === 101 || !takesLast(response)) return writeHead.call(response, status, ...rest)
    response.shouldKeepAlive = false
    if (response.hasHeader('connection')) response.setHeader('connection', 'close')
    return writeHead.call(response, status, ...rest.map(withoutConnection))
  }
  Object.assign(response, { writeHead: writeLastHead })
}

/** Is this the last response of its connection? The first that is found to be, is. */
function takesLast(response: Response): boolean {
  const socket = response.req.socket as HttpSocket
  const chosen = lastResponses.get(socket)
  if (chosen !== undefined) return chosen === response
  const incoming = socket.parser?.incoming
  if (incoming != null && incoming !== response.req) return false
  lastResponses.set(socket, response)
  return true
}

/** What a service says of the connection itself (a proxy passes on what it got) would keep it open. */
function withoutConnection(part: unknown): unknown {
  if (typeof part !== 'object' || part === null) return part
  if (!Array.isArray(part)) return Object.fromEntries(Object.entries(part).filter(([name]) => !isConnection(name)))
  if (Array.isArray(part[0])) return part.filter((pair) => !isConnection(pair[0]))
  return part.filter((_, index) => !isConnection(part[index - (index % 2)]))
}

function isConnection(name: unknown): boolean {
  return /^(connection|keep-alive)$/i.test(String(name))
}
