import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { Server, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { connectRaw, get, responses } from '../../test/support/raw-client.ts'
import { LONG_MS, listenTracked, serveTracked, type Tracked } from '../../test/support/tracked-server.ts'
import { waitFor } from '../../test/support/wait-for.ts'
import { monotonicMs } from '../clock.ts'

const SHORT_MS = 40

/** A server that answers each request with its path when it is told to. */
async function serveLater(context: TestContext) {
  const open = new Map<string, ServerResponse>()
  const served = await serveTracked(context, ({ url }, response) => void open.set(url ?? '', response))
  const answer = (path: string): void => void open.get(path)?.end(path)
  return { ...served, open, answer, isAsked: (path: string) => waitFor(`${path} to be asked`, () => open.get(path)) }
}

const serveEcho = (context: TestContext) => serveTracked(context, ({ url }, response) => void response.end(url))
const isConnected = ({ tracked }: Tracked<never> | { tracked: { size: number } }, size = 1) =>
  waitFor('the connections', () => tracked.size === size)

test('a server without connections is drained at once', async (context) => {
  const { drain } = await serveEcho(context)
  await drain()
})

test('a request in hand is answered, and told that it is the last', async (context) => {
  const served = await serveLater(context)
  const client = await connectRaw(served.server)
  client.send(get('/slow'))
  await served.isAsked('/slow')
  const drained = served.drain(1)
  await waitFor('many looks at idle connections', countTo(5))
  served.answer('/slow')
  const [response] = responses(await client.waitForEnd('fin'))
  assert.deepEqual(response, { status: 200, isLast: true, body: '/slow' })
  await drained
})

test('an upload in hand goes on to its end', async (context) => {
  const served = await serveTracked(context, async (request, response) => {
    let bytes = 0
    for await (const chunk of request) bytes += chunk.length
    response.end(`${bytes} bytes`)
  })
  const client = await connectRaw(served.server)
  client.send(`POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 2000000\r\n\r\n${'x'.repeat(1_000_000)}`)
  await isConnected(served)
  const drained = served.drain(1)
  await waitFor('many looks at idle connections', countTo(5))
  client.send('x'.repeat(1_000_000))
  assert.equal(responses(await client.waitForEnd('fin'))[0]?.body, '2000000 bytes')
  await drained
})

test('a connection that has not sent its request yet is no idle one', async (context) => {
  const served = await serveEcho(context)
  const [fresh, half, kept] = await Promise.all([1, 2, 3].map(() => connectRaw(served.server)))
  assert.ok(fresh && half && kept)
  half.send('GET /half HTTP/1.1\r\nHo')
  kept.send(get('/kept'))
  await kept.waitForText('/kept')
  await isConnected(served, 3)
  const drained = served.drain()
  served.server.close() // as a service does in its own stop
  fresh.send(get('/fresh'))
  half.send('st: test\r\n\r\n')
  kept.send(get('/again'))
  for (const [client, path] of [[fresh, '/fresh'] as const, [half, '/half'] as const, [kept, '/again'] as const]) {
    assert.deepEqual(responses(await client.waitForEnd('fin')).at(-1), { status: 200, isLast: true, body: path })
  }
  await drained
})

test('what stays idle is closed by FIN, not before its time', async (context) => {
  const served = await serveEcho(context)
  const clients = await Promise.all([connectRaw(served.server), connectRaw(served.server)])
  clients[0].send(get('/kept'))
  await clients[0].waitForText('/kept')
  await isConnected(served, 2)
  const startedAt = monotonicMs()
  const drained = served.drain(SHORT_MS)
  for (const client of clients) await client.waitForEnd('fin')
  assert.ok(monotonicMs() - startedAt >= SHORT_MS)
  await drained
})

test('all that was pipelined is answered; only the last answer says close', async (context) => {
  const served = await serveEcho(context)
  const client = await connectRaw(served.server)
  await isConnected(served)
  const drained = served.drain()
  client.send(['/1', '/2', '/3'].map((path) => get(path)).join(''))
  assert.deepEqual(responses(await client.waitForEnd('fin')), [
    { status: 200, isLast: false, body: '/1' },
    { status: 200, isLast: false, body: '/2' },
    { status: 200, isLast: true, body: '/3' },
  ])
  await drained
})

test('what was pipelined before the drain is answered too, in whatever order the service answers', async (context) => {
  for (const order of [
    ['/1', '/2'],
    ['/2', '/1'],
  ] as const) {
    const served = await serveLater(context)
    const client = await connectRaw(served.server)
    client.send(get('/1') + get('/2'))
    await served.isAsked('/2')
    const drained = served.drain(SHORT_MS)
    for (const path of order) served.answer(path)
    const bodies = responses(await client.waitForEnd('fin')).map(({ body }) => body)
    assert.deepEqual(bodies, ['/1', '/2'])
    await drained
  }
})

test('a request behind the answer that says close is not given to the service', async (context) => {
  const asked: string[] = []
  const served = await serveTracked(context, ({ url }, response) => {
    asked.push(url ?? '')
    response.write('begin ')
    served.server.once('finish it', () => response.end('end'))
  })
  const client = await connectRaw(served.server)
  await isConnected(served)
  const drained = served.drain()
  client.send(get('/first'))
  await client.waitForText('begin')
  client.send(get('/behind'))
  await waitFor('a turn of the server', countTo(3))
  served.server.emit('finish it')
  assert.match(await client.waitForEnd('fin'), /end/)
  assert.deepEqual(asked, ['/first'])
  await drained
})

test('a service cannot keep the connection by its own header', async (context) => {
  const heads: [status: number, ...rest: unknown[]][] = [
    [200, { Connection: 'keep-alive', 'X-A': 'a' }],
    [200, 'fine', { connection: 'keep-alive', 'X-A': 'a' }],
    [200, ['Connection', 'keep-alive', 'X-A', 'a']],
  ]
  for (const head of heads) {
    const served = await serveTracked(context, (_, response) => {
      ;(response.writeHead as (...values: unknown[]) => ServerResponse)(...head).end('x')
    })
    const client = await connectRaw(served.server)
    await isConnected(served)
    const drained = served.drain()
    client.send(get('/'))
    const text = await client.waitForEnd('fin')
    assert.match(text, /X-A: a/)
    assert.match(text, /Connection: close/)
    assert.doesNotMatch(text, /keep-alive/)
    await drained
  }
})

test('an answer survives what the client still sends', async (context) => {
  const body = 'y'.repeat(300_000)
  const served = await serveTracked(context, (_, response) => void response.end(body))
  const client = await connectRaw(served.server)
  await isConnected(served)
  const drained = served.drain()
  client.socket.pause()
  client.send('POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 24000000\r\n\r\n')
  client.send('x'.repeat(24_000_000)) // more than fits on the way; unread by the service
  await client.waitUntilSent()
  client.socket.resume()
  assert.equal(responses(await client.waitForEnd('fin'))[0]?.body, body)
  await drained
})

test('an upgraded connection is the service’s until it ends it', async (context) => {
  const served = await serveEcho(context)
  const upgraded: Socket[] = []
  served.server.on('upgrade', (_, socket: Socket) => {
    upgraded.push(socket)
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
    socket.on('data', (chunk) => socket.write(chunk))
  })
  const [before, during] = await Promise.all([connectRaw(served.server), connectRaw(served.server)])
  before.send(get('/', 'Connection: Upgrade', 'Upgrade: echo'))
  await before.waitForText('101')
  await isConnected(served, 2)
  const drained = served.drain(SHORT_MS)
  during.send(get('/', 'Connection: Upgrade', 'Upgrade: echo'))
  await during.waitForText('101')
  await waitFor('idle ones would be closed', countTo(2 * (SHORT_MS / 10)))
  for (const client of [before, during]) {
    client.send('hello')
    await client.waitForText('hello')
  }
  for (const socket of upgraded) socket.end()
  for (const client of [before, during]) await client.waitForEnd('fin')
  await drained
})

test('a client that waits for 100 Continue gets it', async (context) => {
  const served = await serveTracked(context, async (request, response) => {
    response.end((await request.toArray()).join(''))
  })
  const client = await connectRaw(served.server)
  await isConnected(served)
  const drained = served.drain()
  client.send('POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n')
  await client.waitForText('100 Continue')
  client.send('body')
  assert.match(await client.waitForEnd('fin'), /Connection: close[\s\S]*body$/)
  await drained
})

test('Node’s own timeouts stay in force', async (context) => {
  const served = await serveEcho(context)
  served.server.timeout = SHORT_MS
  const client = await connectRaw(served.server)
  await isConnected(served)
  const drained = served.drain(LONG_MS)
  await client.waitForEnd('fin')
  await drained
})

test('a connection that is accepted during the drain is drained like the others', async (context) => {
  const served = await serveEcho(context)
  const accepting = await listenTracked(context, new Server())
  accepting.server.on('connection', (socket) => served.server.emit('connection', socket))
  const first = await connectRaw(served.server)
  await isConnected(served)
  const drained = served.drain()
  const late = await connectRaw(accepting.server)
  await isConnected(served, 2)
  for (const client of [first, late]) {
    client.send(get('/late'))
    assert.deepEqual(responses(await client.waitForEnd('fin')), [{ status: 200, isLast: true, body: '/late' }])
  }
  await drained
})

test('the signal destroys what is left', async (context) => {
  const served = await serveLater(context)
  const client = await connectRaw(served.server)
  client.send(get('/never'))
  const response = await served.isAsked('/never')
  const hurry = new AbortController()
  const drained = served.drain(LONG_MS, hurry.signal)
  const closed = once(response, 'close')
  hurry.abort()
  await drained
  await closed
  client.socket.destroy()
})

/** A probe that holds after so many looks at it. */
function countTo(looks: number): () => boolean {
  let count = 0
  return () => ++count > looks
}
