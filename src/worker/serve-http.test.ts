import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import type { Server } from 'node:net'
import { type TestContext, test } from 'node:test'
import { connectRaw, get, responses } from '../../test/support/raw-client.ts'
import { listenTracked } from '../../test/support/tracked-server.ts'
import { waitFor } from '../../test/support/wait-for.ts'
import type { Log } from '../service/define-service.ts'
import { createConnectionServer, createHttpServer, type HttpHandler, type HttpLimits } from './serve-http.ts'

const LIMITS: HttpLimits = {
  ...{ headerLimitBytes: 2000, headerTimeoutMs: 60_000, bodyLimitBytes: 1000 },
  ...{ requestTimeoutMs: 60_000, keepAliveTimeoutMs: 60_000 },
}

interface Line {
  readonly level: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

function recordLog(): { log: Log; lines: Line[] } {
  const lines: Line[] = []
  const write =
    (level: string) =>
    (message: string, fields = {}) =>
      void lines.push({ level, message, fields })
  const log = { debug: write('debug'), info: write('info'), warning: write('warning'), error: write('error') }
  return { log, lines }
}

async function serve(context: TestContext, handler: HttpHandler, limits: Partial<HttpLimits> = {}) {
  const { log, lines } = recordLog()
  const { server } = await listenTracked(context, createHttpServer(handler, { ...LIMITS, ...limits }, log))
  return { server, lines, send: (text: string) => exchange(server, text) }
}

/** @returns the first response; the connection is over then, or destroyed */
async function exchange(server: Server, text: string) {
  const client = await connectRaw(server)
  client.send(text)
  await waitFor('an answer or an end', () => client.end() !== null || /\r\n\r\n.*\n$/s.test(client.text()))
  client.socket.destroy()
  return responses(client.text())[0]
}

const readAll = async (request: IncomingMessage): Promise<number> => (await request.toArray()).join('').length
const post = (...headers: string[]): string => ['POST /a?secret HTTP/1.1', 'Host: t', ...headers, '', ''].join('\r\n')
const chunk = (bytes: number): string => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`

test('a body over the limit is refused before the handler sees it, when its size is said', async (context) => {
  let calls = 0
  const { send } = await serve(context, (_, response) => response.end(`${++calls}\n`))
  const refused = { status: 413, isLast: true, body: '413 Payload Too Large\n' }
  assert.deepEqual(await send(post('Content-Length: 1001')), refused)
  assert.deepEqual(await send(post('Content-Length: 1001', 'Expect: 100-continue')), refused)
  assert.equal(calls, 0)
  assert.equal((await send(post('Content-Length: 1000')))?.body, '1\n')
})

test('a client that goes on sending sees the refusal', async (context) => {
  const { server } = await serve(context, () => {})
  const client = await connectRaw(server)
  client.send(post('Content-Length: 24000000'))
  await client.waitForText('413')
  client.send('x'.repeat(24_000_000)) // more than fits on the way
  await client.waitUntilSent()
  assert.equal(responses(await client.waitForEnd('fin'))[0]?.status, 413)
})

test('a chunked body is refused at the byte that is too many; its handler sees a client that left', async (context) => {
  const ended: string[] = []
  const { server, send, lines } = await serve(context, async (request, response) => {
    const bytes = await readAll(request).catch((error: Error & { code?: string }) => {
      ended.push(error.code ?? '')
      throw error
    })
    response.end(`${bytes} bytes\n`)
  })
  const head = post('Transfer-Encoding: chunked')
  assert.equal((await send(`${head}${chunk(600)}${chunk(400)}0\r\n\r\n`))?.body, '1000 bytes\n')
  const client = await connectRaw(server)
  client.send(head + chunk(600))
  client.send(chunk(401))
  client.send(chunk(500_000))
  assert.deepEqual(responses(await client.waitForEnd('fin')), [
    { status: 413, isLast: true, body: '413 Payload Too Large\n' },
  ])
  await waitFor('the handler to be told', () => ended.length > 0)
  assert.deepEqual([ended, lines], [['ECONNRESET'], []])
})

test('a handler that answers after the refusal harms nobody', async (context) => {
  const gate = Promise.withResolvers<void>()
  const answered = Promise.withResolvers<void>()
  const { server } = await serve(context, async (request, response) => {
    request.resume()
    await gate.promise
    response.setHeader('X-Late', 'yes')
    response.end('late\n')
    answered.resolve()
  })
  const client = await connectRaw(server)
  client.send(post('Transfer-Encoding: chunked') + chunk(1001))
  await client.waitForText('413')
  gate.resolve()
  await answered.promise
  assert.doesNotMatch(await client.waitForEnd('fin'), /late/i)
})

test('no limit', async (context) => {
  const { send } = await serve(context, async (request, response) => response.end(`${await readAll(request)}\n`), {
    bodyLimitBytes: 0,
  })
  assert.equal((await send(`${post('Content-Length: 5000')}${'x'.repeat(5000)}`))?.body, '5000\n')
})

test('what is no request, too large or too slow a one, is answered', async (context) => {
  const { send, lines } = await serve(context, (_, response) => response.end('fine\n'), {
    headerTimeoutMs: 50,
    requestTimeoutMs: 50,
  })
  const wrong: [string, string][] = [
    ['hello\r\n\r\n', '400 Bad Request\n'],
    [get('/', `X-A: ${'a'.repeat(3000)}`), '431 Request Header Fields Too Large\n'],
    ['GET / HTTP/1.1\r\nHo', '408 Request Timeout\n'],
  ]
  for (const [text, body] of wrong) {
    const answer = await send(text)
    assert.deepEqual(answer, { status: Number(body.slice(0, 3)), isLast: true, body })
  }
  assert.equal((await send(get('/')))?.body, 'fine\n')
  assert.deepEqual(lines, [])
})

test('a handler that throws or rejects: 500, a log line, and the server lives on', async (context) => {
  const { send, lines } = await serve(context, ({ url }, response) => {
    response.setHeader('X-Secret', 'of another answer')
    if (url === '/throws?key=1') throw new TypeError('x is not a function')
    return url === '/rejects' ? Promise.reject('nothing') : response.end('fine\n')
  })
  for (const path of ['/throws?key=1', '/rejects']) {
    assert.deepEqual(await send(get(path)), { status: 500, isLast: false, body: '500 Internal Server Error\n' })
  }
  assert.equal((await send(get('/')))?.status, 200)
  const told = lines.map(({ level, fields: { stack, ...fields } }) => ({ level, ...fields, at: typeof stack }))
  assert.deepEqual(told, [
    { level: 'error', method: 'GET', path: '/throws', reason: 'x is not a function', at: 'string' },
    { level: 'error', method: 'GET', path: '/rejects', reason: 'nothing', at: 'undefined' },
  ])
})

test('a handler that fails in the middle of its answer: the client does not take it for the whole', async (context) => {
  const { server, lines } = await serve(context, ({ url }, response) => {
    if (url === '/done') response.end('all of it\n')
    else response.write('half of it')
    throw new Error('failed')
  })
  const [half, done] = [await connectRaw(server), await connectRaw(server)]
  half.send(get('/half'))
  await waitFor('the end', () => half.end())
  assert.doesNotMatch(half.text(), /\r\n0\r\n/) // the last chunk
  done.send(get('/done'))
  await done.waitForText('all of it')
  await waitFor('both failures in the log', () => lines.length === 2)
  assert.equal(done.end(), null)
  done.socket.destroy()
})

test('a response that is written to after its end is that request’s failure', async (context) => {
  const { send, lines } = await serve(context, (_, response) => {
    response.end('fine\n')
    response.write('more')
  })
  assert.equal((await send(get('/')))?.body, 'fine\n')
  await waitFor('the failure in the log', () => lines.length === 1)
})

test('a connection: a client’s reset never harms the worker, a failing handler loses its client', async (context) => {
  const { log, lines } = recordLog()
  const handlers = [() => {}, () => Promise.reject(new Error('rejected'))]
  const { server, tracked } = await listenTracked(
    context,
    createConnectionServer(() => handlers.shift()?.(), log),
  )
  const resetting = await connectRaw(server)
  await waitFor('the connection', () => tracked.size === 1)
  resetting.socket.resetAndDestroy()
  await waitFor('the reset', () => lines.length === 1)
  const client = await connectRaw(server)
  await client.waitForEnd('fin')
  const told = lines.map(({ level, fields }) => [level, fields.reason])
  assert.deepEqual(told, [
    ['debug', 'ECONNRESET'],
    ['error', 'rejected'],
  ])
})
