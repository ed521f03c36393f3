/** The clients that prove it are proved first: against a server that does it right, and one for each way to do it wrong. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import http from 'node:http'
import net from 'node:net'
import { type TestContext, test } from 'node:test'
import { startLoad } from './load-client.ts'
import type { LoadTarget } from './load-client-connection.ts'
import { describeReport, type FailureKind, LOAD_MODES, type LoadMode, type LoadReport } from './load-client-report.ts'
import { waitFor } from './wait-for.ts'

async function listen(t: TestContext, server: net.Server): Promise<LoadTarget> {
  const sockets = new Set<net.Socket>()
  server.on('connection', (socket: net.Socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { host: '127.0.0.1', port: (server.address() as net.AddressInfo).port }
}

async function loadUntil(target: LoadTarget, mode: LoadMode, requests: number, timeoutMs = 500): Promise<LoadReport> {
  const load = startLoad(target, { connections: { [mode]: 2 }, timeoutMs })
  await waitFor('the requests', () => load.report.requests >= requests)
  return await load.stop()
}

function answer(request: http.IncomingMessage, response: http.ServerResponse): void {
  response.setHeader('x-pid', process.pid)
  if (request.url?.startsWith('/slow/')) return void setTimeout(() => response.end(request.url), 20)
  const hash = createHash('sha256')
  request.on('data', (chunk) => hash.update(chunk))
  request.on('end', () => response.end(request.method === 'POST' ? hash.digest('hex') : request.url))
}

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length:'

/** A server that does the same with every connection, when something comes. */
function raw(onData: (socket: net.Socket, path: string) => void): net.Server {
  const server = net.createServer((socket) => {
    socket.on('error', () => {}) // a client gives up
    socket.on('data', (chunk) => onData(socket, /^\S+ (\S+)/.exec(chunk.toString('latin1'))?.[1] ?? ''))
  })
  return server
}

test('a server that answers: every mode asks, nothing fails', async (t) => {
  const load = startLoad(await listen(t, http.createServer(answer)))
  await load.awaitRequests(5)
  const report = await load.stop()
  assert.deepEqual([report.failed, report.closedIdle, report.recorded], [0, 0, []], describeReport(report))
  for (const mode of LOAD_MODES) assert.ok(report.modes[mode] >= 5, describeReport(report))
  assert.ok(report.longestMs > 0 && report.longestMs < 3000)
})

test('chunked answers, and announced ones, are answers', async (t) => {
  const server = http.createServer((request, response) => {
    response.writeProcessing()
    response.write(request.url?.slice(0, 3))
    response.end(request.url?.slice(3))
  })
  const report = await loadUntil(await listen(t, server), 'pipelined', 20)
  assert.equal(report.failed, 0, describeReport(report))
})

test('a server that closes as it said, or between two requests: the client opens anew', async (t) => {
  const closing = http.createServer((request, response) => {
    response.setHeader('Connection', 'close')
    answer(request, response)
  })
  assert.equal((await loadUntil(await listen(t, closing), 'keep-alive', 20)).failed, 0)
  const idle = raw((socket, path) => socket.end(`${HEAD}${path.length}\r\n\r\n${path}`))
  const report = await loadUntil(await listen(t, idle), 'keep-alive', 20)
  assert.equal(report.failed, 0, describeReport(report))
  assert.ok(report.closedIdle > 0)
})

const WRONG: readonly [string, FailureKind, (socket: net.Socket, path: string) => void][] = [
  ['resets', 'reset', (socket) => socket.resetAndDestroy()],
  ['resets within the answer', 'reset', (socket) => socket.write(`${HEAD}9\r\n\r\nx`, () => socket.resetAndDestroy())],
  ['closes without an answer', 'closed', (socket) => socket.end()],
  ['closes within the head', 'short', (socket) => socket.end('HTTP/1.1 200')],
  ['closes within the body', 'short', (socket) => socket.end(`${HEAD} 9\r\n\r\n12345678`)],
  [
    'closes within a chunk',
    'short',
    (socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nx'),
  ],
  ['answers something else', 'wrong-body', (socket) => socket.end(`${HEAD}1\r\n\r\nx`)],
  ['answers 503', 'status', (socket) => socket.end('HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n')],
  ['speaks something else', 'malformed', (socket) => socket.end('SSH-2.0-dropbear\r\n')],
  ['answers without a length', 'malformed', (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n')],
  ['answers nothing', 'hang', () => {}],
  ['answers half', 'hang', (socket) => socket.write(`${HEAD}9\r\n\r\nhalf`)],
]

for (const [what, kind, onData] of WRONG) {
  test(`a server that ${what} is told by it: ${kind}`, async (t) => {
    const target = await listen(t, raw(onData))
    for (const mode of ['new-connection', 'keep-alive'] as const) {
      const report = await loadUntil(target, mode, 4, 60)
      assert.deepEqual([report.failures, report.failed], [{ [kind]: report.requests }, report.requests])
      assert.equal(report.recorded[0]?.kind, kind)
      assert.match(describeReport(report), new RegExp(`\n  ${kind}: .*; ${mode} /echo/\\d+ from port \\d+`))
    }
  })
}

test('nobody listens: refused, on TCP and on a unix socket', async (t) => {
  const server = net.createServer()
  const target = await listen(t, server)
  server.close()
  for (const gone of [target, { path: '/nonexistent/socket' }]) {
    const report = await loadUntil(gone, 'upload', 4)
    assert.deepEqual(report.failures, { refused: report.requests })
  }
})

test('a connection that is accepted but reset before its first request: a failure of the new connection', async (t) => {
  const server = net.createServer((socket) => socket.resetAndDestroy())
  const report = await loadUntil(await listen(t, server), 'new-connection', 4)
  assert.equal(report.failed, report.requests)
})

test('pipelined: an answer with Connection: close before unanswered requests fails those', async (t) => {
  const five = (close: number) =>
    raw((socket) => {
      const answers = Array.from({ length: 5 }, (_, index) => (index === close ? '1\r\nConnection: close' : '1'))
      socket.end(answers.map((length) => `${HEAD}${length}\r\n\r\nx`).join(''))
    })
  const options = { connections: { pipelined: 1 }, page: { path: '/', expected: 'x' } }
  for (const [close, failedOfFive] of [
    [1, 3],
    [4, 0],
  ] as const) {
    const load = startLoad(await listen(t, five(close)), options)
    await load.awaitRequests(20)
    const { requests, failed, failures } = await load.stop()
    assert.deepEqual([failed / requests, failures.closed ?? 0], [failedOfFive / 5, failed])
  }
})

test('an upload that is reset halfway fails; one whose body arrived wrong too', async (t) => {
  const target = await listen(
    t,
    raw((socket) => socket.resetAndDestroy()),
  )
  const report = await loadUntil(target, 'upload', 4)
  assert.deepEqual(report.failures, { reset: report.requests })
  const wrong = http.createServer((request, response) => request.resume().on('end', () => response.end('0'.repeat(64))))
  assert.ok((await loadUntil(await listen(t, wrong), 'upload', 2, 3000)).failures['wrong-body'])
})
