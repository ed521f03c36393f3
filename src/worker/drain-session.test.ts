import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientHttp2Session, connect, createSecureServer, createServer, type ServerHttp2Stream } from 'node:http2'
import type { Server } from 'node:net'
import { type TestContext, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { CERTIFICATE } from '../../test/support/certificate.ts'
import { get, readRaw, responses } from '../../test/support/raw-client.ts'
import { LONG_MS, listenTracked } from '../../test/support/tracked-server.ts'
import { waitFor } from '../../test/support/wait-for.ts'
import { monotonicMs } from '../clock.ts'

const SHORT_MS = 40

async function connectSession(context: TestContext, server: Server, protocol = 'http'): Promise<ClientHttp2Session> {
  const { port } = server.address() as { port: number }
  const session = connect(`${protocol}://127.0.0.1:${port}`, { rejectUnauthorized: false })
  context.after(() => session.destroy())
  await once(session, 'connect')
  return session
}

async function request(session: ClientHttp2Session, path: string): Promise<string> {
  return (await session.request({ ':path': path }).toArray()).join('')
}

/** What the client is told of the last stream, each time it is told. */
function watchGoaways(session: ClientHttp2Session): number[] {
  const lastStreams: number[] = []
  session.on('goaway', (_code, lastStream) => lastStreams.push(lastStream))
  return lastStreams
}

test('streams go to their end; the client is told first that the end comes, then which stream was the last', async (context) => {
  const served = await listenTracked(context, createServer())
  const streams: ServerHttp2Stream[] = []
  served.server.on('stream', (stream: ServerHttp2Stream) => {
    stream.respond({ ':status': 200 })
    streams.push(stream)
  })
  const session = await connectSession(context, served.server)
  const lastStreams = watchGoaways(session)
  const answer = request(session, '/')
  await waitFor('the stream', () => streams[0])
  const drained = served.drain(LONG_MS)
  await waitFor('the client to be told twice', () => lastStreams.length === 2)
  assert.deepEqual(lastStreams, [2 ** 31 - 1, 1])
  streams[0]?.end('answer')
  assert.equal(await answer, 'answer')
  await drained
})

test('a client that has not asked anything yet may ask once more', async (context) => {
  const served = await listenTracked(
    context,
    createServer((_, response) => void response.end('answer')),
  )
  const session = await connectSession(context, served.server)
  await waitFor('the session', () => served.tracked.size === 1)
  const drained = served.drain(LONG_MS)
  assert.equal(await request(session, '/'), 'answer')
  await drained
})

test('idle sessions end, also those that never asked', async (context) => {
  const served = await listenTracked(
    context,
    createServer((_, response) => void response.end('answer')),
  )
  const [asked, silent] = [
    await connectSession(context, served.server),
    await connectSession(context, served.server),
  ] as const
  await request(asked, '/')
  await waitFor('the sessions', () => served.tracked.size === 2)
  const closed = [once(asked, 'close'), once(silent, 'close')]
  const startedAt = monotonicMs()
  await served.drain(SHORT_MS)
  await Promise.all(closed)
  assert.ok(monotonicMs() - startedAt < 1500, 'the client’s answers are read: nobody is waited for in vain')
})

test('one port for HTTP/2 and HTTP/1: each its own way', async (context) => {
  const served = await listenTracked(
    context,
    createSecureServer({ ...CERTIFICATE, allowHTTP1: true }, (_, response) => void response.end('answer')),
  )
  const session = await connectSession(context, served.server, 'https')
  const { port } = served.server.address() as { port: number }
  const client = await readRaw(connectTls({ port, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] }))
  await waitFor('both connections', () => served.tracked.size === 2)
  const drained = served.drain(LONG_MS)
  assert.equal(await request(session, '/'), 'answer')
  client.send(get('/'))
  const [response] = responses(await client.waitForEnd('fin'))
  assert.equal(response?.isLast, true)
  await drained
})

test('the signal destroys sessions', async (context) => {
  const served = await listenTracked(
    context,
    createServer(() => {}),
  )
  const session = await connectSession(context, served.server)
  session.on('error', () => {})
  const stream = session.request({ ':path': '/' }).on('error', () => {})
  const closed = once(stream, 'close')
  await once(served.server, 'stream')
  const hurry = new AbortController()
  const drained = served.drain(LONG_MS, hurry.signal)
  hurry.abort()
  await drained
  await closed
})
