/** The servers of a service that says `http` or `connection`: one for each address of the setting `listen`. */
import type { Server } from 'node:net'
import { MydError, messageOf } from '../errors.ts'
import type { ListenQuery } from '../protocol.ts'
import type { Log, Service } from '../service/define-service.ts'
import type { Settings } from '../settings/table.ts'
import { keyOf, queriesOf } from '../system/address.ts'
import type { Listening } from './listening.ts'
import { createConnectionServer, createHttpServer, type HttpLimits } from './serve-http.ts'

/** What both handlers are given. */
export interface HandlerContext {
  readonly settings: Readonly<Record<string, unknown>>
  readonly state: unknown
  readonly log: Log
  readonly signal: AbortSignal
}

/** @returns when all listen @throws MydError START_FAILED when an address cannot be had */
export async function openServers(
  service: Service,
  settings: Settings,
  context: HandlerContext,
  listening: Listening,
): Promise<void> {
  const create = chooseServer(service, settings, context)
  if (create === null) return
  const queries = queriesOf(settings.listen, settings['socket.ipv6Only'])
  if (queries.length === 0) {
    throw new MydError('SETTINGS', 'the service has http or connection, and nothing says where it listens', {
      hint: 'set listen: --set listen=127.0.0.1:8080, or listen = ["127.0.0.1:8080"] in the settings file',
    })
  }
  await Promise.all(queries.map((query) => listen(create(), query, listening)))
}

function chooseServer(service: Service, settings: Settings, context: HandlerContext): (() => Server) | null {
  const { http, connection } = service
  const { signal, ...shared } = context
  const given = shared as never // the types of a service's own settings and state are known to its author alone
  if (http !== undefined) {
    return () => createHttpServer((request, response) => http(request, response, given), limitsOf(settings), shared.log)
  }
  if (connection !== undefined) {
    return () =>
      createConnectionServer((socket) => connection(socket, { ...(given as object), signal } as never), shared.log)
  }
  return null
}

function limitsOf(settings: Settings): HttpLimits {
  return {
    headerLimitBytes: settings['http.headerLimit'],
    headerTimeoutMs: settings['http.headerTimeout'],
    bodyLimitBytes: settings['http.bodyLimit'],
    requestTimeoutMs: settings['http.requestTimeout'],
    keepAliveTimeoutMs: settings['http.keepAliveTimeout'],
  }
}

async function listen(server: Server, query: ListenQuery, listening: Listening): Promise<void> {
  try {
    await listening.serve(server, query)
  } catch (error) {
    throw new MydError('START_FAILED', `cannot listen on ${keyOf(query)}: ${messageOf(error)}`, { cause: error })
  }
}
