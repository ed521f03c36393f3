/** A server that is tracked and listens, as a worker has it, for tests of how it drains. */
import { once } from 'node:events'
import { createServer, type Server as HttpServer, type RequestListener } from 'node:http'
import { Server } from 'node:net'
import type { TestContext } from 'node:test'
import { type TrackedServer, trackServer } from '../../src/worker/track-server.ts'

export interface Tracked<S extends Server> {
  readonly server: S
  readonly tracked: TrackedServer
  /** Stops accepting, then drains. */
  drain(idleMs?: number, signal?: AbortSignal): Promise<void>
}

/** Long enough that no test ever sees an idle connection closed. */
export const LONG_MS = 60_000

/** @param server nothing of it is left after the test, however that ends */
export async function listenTracked<S extends Server>(context: TestContext, server: S): Promise<Tracked<S>> {
  const tracked = trackServer(server)
  const hurry = new AbortController()
  const stopAccepting = (): void => void (server.listening && Server.prototype.close.call(server))
  const drain = (idleMs = LONG_MS, signal = hurry.signal): Promise<void> => {
    stopAccepting()
    return tracked.drain({ idleMs, signal })
  }
  context.after(async () => {
    stopAccepting()
    hurry.abort()
    await tracked.drain({ idleMs: 1, signal: hurry.signal })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, tracked, drain }
}

export function serveTracked(context: TestContext, listener: RequestListener): Promise<Tracked<HttpServer>> {
  return listenTracked(context, createServer(listener))
}
