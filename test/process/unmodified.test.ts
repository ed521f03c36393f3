/** Servers that know nothing of us: what they find, and what becomes of them. Real clients are in test/interop. */
import assert from 'node:assert/strict'
import dgram from 'node:dgram'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { createInstance, type Instance } from '../support/instance.ts'
import { findFreePort } from '../support/listening-socket.ts'
import { signal } from '../support/processes.ts'
import { waitFor } from '../support/wait-for.ts'

const get = async (port: number, path = '/'): Promise<string> =>
  (await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } })).text()

/** What the server's first answers tell, one for each worker that was met. */
async function askEachWorker(instance: Instance, port: number): Promise<Map<string, string>> {
  const { proc } = await instance.status()
  const answers = new Map<string, string>()
  await waitFor(
    'an answer from each worker',
    async () => {
      const [pid = '', ...rest] = (await get(port)).split(' ')
      answers.set(pid, rest.join(' '))
      return answers.size === proc
    },
    Boolean,
  )
  return answers
}

test('it finds itself where node would have it: main module, arguments, directory, PORT; and a worker of a cluster', async (t) => {
  const instance = createInstance(t)
  const port = await findFreePort()
  instance.serveFile(`
    import cluster from 'node:cluster'
    import { createServer } from 'node:http'
    const facts = [import.meta.main, process.argv.length, process.cwd(), process.env.NODE_ENV, cluster.isPrimary, cluster.isWorker]
    createServer((request, response) => response.end([process.pid, ...facts, cluster.worker.id].join(' '))).listen(process.env.PORT)
  `)
  const environment = { PORT: String(port), NODE_ENV: 'production' }
  const { code, stderr } = await instance.run(['--daemon', '--proc=2'], { environment })
  assert.equal(code, 0, stderr)
  const answers = [...(await askEachWorker(instance, port)).values()].sort()
  const facts = `true 2 ${instance.home} production false true`
  assert.deepEqual(answers, [`${facts} 1`, `${facts} 2`])
  assert.deepEqual((await instance.status()).listen, [`[::]:${port}`])
  await instance.stop()
  instance.assertGone()
})

test('CommonJS with require.main, several ports, reusePort, and a server that it closes again', async (t) => {
  const instance = createInstance(t)
  const [first, second, third] = [await findFreePort(), await findFreePort(), await findFreePort()]
  writeFileSync(
    instance.path('server.cjs'),
    `
    const { createServer } = require('node:http')
    const serve = (text) => createServer((request, response) => response.end(text))
    if (require.main === module) {
      serve('first').listen(${first}, '127.0.0.1')
      serve('second').listen({ port: ${second}, host: '127.0.0.1', reusePort: true })
      const third = serve('third').listen(${third}, '127.0.0.1', () => third.close())
    }
  `,
  )
  instance.useService(instance.path('server.cjs'))
  await instance.start('--proc=2')
  assert.deepEqual([await get(first), await get(second)], ['first', 'second'])
  await waitFor(
    'the third address to go',
    () => instance.status(),
    ({ listen }) => listen.length === 2,
  )
  await assert.rejects(get(third))
  assert.deepEqual(
    (await instance.status()).listen.toSorted(),
    [`127.0.0.1:${first}`, `127.0.0.1:${second}`].toSorted(),
  )
})

test('its own TERM listener is called when its requests are answered, also when it was told by the master', async (t) => {
  const instance = createInstance(t)
  const port = await findFreePort()
  instance.serveFile(`
    import { createServer } from 'node:http'
    const server = createServer((request, response) => setTimeout(() => response.end('late'), 300))
    server.listen(${port}, '127.0.0.1')
    process.on('SIGTERM', () => {
      console.log('told')
      server.close(() => { console.log('closed'); process.exit(0) })
    })
  `)
  await instance.start('--proc=1')
  const answer = get(port)
  await waitFor(
    'the request to be there',
    () => instance.status(),
    () => true,
  )
  await instance.stop()
  assert.equal(await answer, 'late')
  assert.match(instance.log(), /told[\s\S]*closed/)
})

test('a connection that is no HTTP has until stopTimeout, and the service’s word comes first', async (t) => {
  const instance = createInstance(t)
  const port = await findFreePort()
  instance.configure('stopTimeout = "3s"\njobs.killDelay = "1s"\n')
  instance.serveFile(`
    import { createServer } from 'node:net'
    const sockets = new Set()
    createServer((socket) => { sockets.add(socket); socket.write('hello') }).listen(${port}, '127.0.0.1')
    process.on('SIGTERM', () => { for (const socket of sockets) socket.end('bye') })
  `)
  await instance.start('--proc=1')
  const client = connect(port, '127.0.0.1')
  const text = readAll(client)
  await once(client, 'data')
  await instance.stop()
  assert.equal(await text, 'hellobye')
})

test('who listens nowhere is not ready: the log says what is missing; ready = "loaded" is enough for others', async (t) => {
  const instance = createInstance(t)
  instance.configure('bootTimeout = "5s"\nrestartLimit = 1\n')
  instance.serveFile('setInterval(() => {}, 1000)')
  const { code, stderr } = await instance.run(['--daemon', '--proc=1'])
  assert.equal(code, 1)
  assert.match(stderr, /worker 0 was not ready within 5 s \(bootTimeout\)/)
  assert.match(instance.log(), /it is loaded and listens nowhere yet; if it never will, set ready = "loaded"/)
  instance.configure('ready = "loaded"\n')
  await instance.start('--proc=1')
})

test('an exception is told with its lines, the requests in hand are answered, others serve meanwhile', async (t) => {
  const instance = createInstance(t)
  const port = await findFreePort()
  instance.serveFile(`
    import { createServer } from 'node:http'
    createServer((request, response) => {
      if (request.url === '/late') return setTimeout(() => response.end('late'), 500)
      if (request.url === '/fail') setTimeout(() => { nothing.there() }, 50)
      response.end(String(process.pid))
    }).listen(${port}, '127.0.0.1')
  `)
  await instance.start('--proc=1')
  const late = get(port, '/late')
  const pid = await get(port, '/fail')
  await instance.logged(/uncaught exception: ReferenceError: nothing is not defined/)
  await instance.logged(/> 6 \|.*nothing\.there\(\)/)
  assert.equal(await late, 'late')
  await instance.logged(/ended: exit 1, by itself, after what it could not handle/)
  assert.notEqual(await get(port), pid)
})

test('datagrams reach a worker, and the port stays over a reload', async (t) => {
  const instance = createInstance(t)
  const port = await findFreePort()
  instance.serveFile(`
    import { createSocket } from 'node:dgram'
    import { createServer } from 'node:net'
    const socket = createSocket('udp4', (message, { port, address }) => socket.send('got ' + message, port, address))
    socket.bind(${port}, '127.0.0.1', () => createServer().listen(0))
  `)
  await instance.start('--proc=2')
  assert.equal(await askDatagram(port, 'one'), 'got one')
  assert.equal((await instance.run(['reload'])).code, 0)
  assert.equal(await askDatagram(port, 'two'), 'got two')
})

test('TERM to a worker: it ends in order, and is replaced at once', async (t) => {
  const instance = createInstance(t)
  const port = await findFreePort()
  instance.serveFile(`
    import { createServer } from 'node:http'
    createServer((request, response) => setTimeout(() => response.end(String(process.pid)), 200)).listen(${port}, '127.0.0.1')
  `)
  await instance.start('--proc=1')
  const { pid } = await instance.worker()
  const answer = get(port)
  signal(pid, 'SIGTERM')
  assert.match(await answer, /^\d+$/)
  await instance.logged(/ended: exit 0, not by us: it was told to end/)
  assert.notEqual(await get(port), String(pid))
})

async function readAll(client: Socket): Promise<string> {
  return (await client.setEncoding('utf8').toArray()).join('')
}

async function askDatagram(port: number, text: string): Promise<string> {
  const client = dgram.createSocket('udp4')
  client.send(text, port, '127.0.0.1')
  const [message] = await once(client, 'message', { signal: AbortSignal.timeout(10_000) })
  client.close()
  return String(message)
}
