/**
 * The servers of `http:` and `connection:`. What goes wrong while one request is answered is that request's: the worker
 * lives on. What clients do wrong is answered here, and never reaches the service.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createNetServer, type Server as NetServer, type Socket } from 'node:net'
import { errnoOf, messageOf } from '../errors.ts'
import type { Log } from '../service/define-service.ts'
import { answerRaw, answerText } from './answer.ts'
import { countBody, isTooLarge, refuseBody } from './body-limit.ts'

/** What it returns is waited for, and otherwise ignored. */
export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => unknown
export type ConnectionHandler = (socket: Socket) => unknown

export interface HttpLimits {
  /** All headers of a request together: else 431. */
  readonly headerLimitBytes: number
  /** From a request's first byte, or from the connection, to the end of its headers: else 408. 0: no limit. */
  readonly headerTimeoutMs: number
  /** Of a request's body: else 413. 0: no limit. */
  readonly bodyLimitBytes: number
  /** To the last byte of a request: else 408. 0: no limit. */
  readonly requestTimeoutMs: number
  /** A connection without a request. 0: no limit. */
  readonly keepAliveTimeoutMs: number
}

/** Times are looked at in steps of this part of the shortest, within these bounds. */
const STEPS = 4
const STEP_BOUNDS_MS = [20, 5000] as const

const STATUS_OF_ERROR: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}

/** How a handler fails whose client has gone. */
const GONE = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ABORT_ERR'])

/** @returns a server that does not listen yet */
export function createHttpServer(handler: HttpHandler, limits: HttpLimits, log: Log): Server {
  const { headerLimitBytes, bodyLimitBytes, keepAliveTimeoutMs } = limits
  const server = createServer({
    ...timeouts(limits),
    maxHeaderSize: headerLimitBytes,
    keepAliveTimeout: keepAliveTimeoutMs,
  })
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    if (isTooLarge(request, bodyLimitBytes)) return refuseBody(request, response)
    response.on('error', (error) => logFailure(log, request, error)) // written to after its end
    countBody(request, response, bodyLimitBytes)
    void runHandler(handler, request, response, log)
  }
  server.on('request', serve)
  server.on('checkContinue', (request, response) => {
    if (!isTooLarge(request, bodyLimitBytes)) response.writeContinue()
    serve(request, response)
  })
  server.on('clientError', answerClientError)
  return server
}

/** @returns a server that does not listen yet; one that serves a raw connection for each client */
export function createConnectionServer(handler: ConnectionHandler, log: Log): NetServer {
  const serve = async (socket: Socket): Promise<void> => {
    socket.on('error', (error) => log.debug('connection lost', { reason: errnoOf(error) ?? messageOf(error) }))
    try {
      await handler(socket)
    } catch (error) {
      log.error('connection failed', { reason: messageOf(error), stack: stackOf(error) })
      socket.destroy()
    }
  }
  return createNetServer((socket) => void serve(socket))
}

function timeouts({ headerTimeoutMs, requestTimeoutMs }: HttpLimits) {
  const given = [headerTimeoutMs, requestTimeoutMs].filter((ms) => ms > 0)
  const shortestMs = Math.min(...given, STEP_BOUNDS_MS[1] * STEPS)
  return {
    headersTimeout: requestTimeoutMs > 0 ? Math.min(headerTimeoutMs, requestTimeoutMs) : headerTimeoutMs,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.max(STEP_BOUNDS_MS[0], Math.floor(shortestMs / STEPS)),
  }
}

async function runHandler(
  handler: HttpHandler,
  request: IncomingMessage,
  response: ServerResponse,
  log: Log,
): Promise<void> {
  try {
    await handler(request, response)
  } catch (error) {
    const isOver = request.socket.destroyed || request.socket.writableEnded // the client has gone, or was refused
    if (isOver && GONE.has(errnoOf(error) ?? '')) return
    logFailure(log, request, error)
    if (isOver) return
    if (!response.headersSent) answerText(response, 500)
    else if (!response.writableEnded) request.socket.destroy() // the client must not take it for the whole
  }
}

function logFailure(log: Log, { method, url = '' }: IncomingMessage, error: unknown): void {
  const path = url.split('?', 1)[0] // a query may hold what is nobody's business
  log.error('request failed', { method, path, reason: messageOf(error), stack: stackOf(error) })
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined
}

/** What is no request, or too large or too slow a one. */
function answerClientError(
  error: Error & { readonly code?: string },
  socket: Socket & { readonly _httpMessage?: ServerResponse | null },
): void {
  if (error.code === 'ECONNRESET' || !socket.writable || socket._httpMessage?.headersSent) return void socket.destroy()
  answerRaw(socket, STATUS_OF_ERROR[error.code ?? ''] ?? 400)
}
