import assert from 'node:assert/strict'
import { createServer as createHttps } from 'node:https'
import { createServer as createPlain, type Socket } from 'node:net'
import { test } from 'node:test'
import { connect, createServer as createTls } from 'node:tls'
import { CERTIFICATE } from '../../test/support/certificate.ts'
import { connectRaw, get, type RawClient, readRaw, responses } from '../../test/support/raw-client.ts'
import { LONG_MS, listenTracked } from '../../test/support/tracked-server.ts'
import { waitFor } from '../../test/support/wait-for.ts'

const SHORT_MS = 40

const connectTls = (server: { address(): unknown }): Promise<RawClient> => {
  const { port } = server.address() as { port: number }
  return readRaw(connect({ port, host: '127.0.0.1', rejectUnauthorized: false }))
}

test('https: requests are answered, the last says close; idle connections and handshakes end', async (context) => {
  const served = await listenTracked(
    context,
    createHttps(CERTIFICATE, ({ url }, response) => void response.end(url)),
  )
  const [asking, idle, silent] = [
    await connectTls(served.server),
    await connectTls(served.server),
    await connectRaw(served.server),
  ]
  await waitFor('the connections', () => served.tracked.size === 3)
  const drained = served.drain(SHORT_MS)
  asking.send(get('/1') + get('/2'))
  const answers = responses(await asking.waitForEnd('fin')).map(({ body, isLast }) => [body, isLast])
  assert.deepEqual(answers, [
    ['/1', false],
    ['/2', true],
  ])
  await idle.waitForEnd('fin')
  await silent.waitForEnd('fin')
  await drained
})

test('plain TCP and TLS connections end by themselves', async (context) => {
  for (const [server, open] of [
    [createPlain(), connectRaw],
    [createTls(CERTIFICATE), connectTls],
  ] as const) {
    const served = await listenTracked(context, server)
    const sockets: Socket[] = []
    served.server.on(open === connectTls ? 'secureConnection' : 'connection', (socket: Socket) =>
      sockets.push(socket.on('data', (chunk: Buffer) => socket.write(chunk))),
    )
    const client = await open(served.server)
    await waitFor('the connection', () => sockets.length === 1)
    const drained = served.drain(1)
    let looks = 0
    await waitFor('many looks at idle connections', () => ++looks > 5)
    client.send('hello')
    await client.waitForText('hello')
    sockets[0]?.end()
    await client.waitForEnd('fin')
    await drained
  }
})

test('the signal destroys them', async (context) => {
  const served = await listenTracked(context, createTls(CERTIFICATE))
  const client = await connectTls(served.server)
  await waitFor('the connection', () => served.tracked.size === 1)
  const hurry = new AbortController()
  const drained = served.drain(LONG_MS, hurry.signal)
  const closed = new Promise((resolve) => client.socket.once('close', resolve))
  hurry.abort()
  await drained
  await closed
})
