/** WebSockets of the package ws: a client stays connected while its worker drains, and is told when it ends. */
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { createInstance, type Instance } from '../support/instance.ts'
import { findFreePort } from '../support/listening-socket.ts'
import { isAlive } from '../support/processes.ts'
import { waitFor } from '../support/wait-for.ts'
import { importPackage, linkPackages } from './packages.ts'

/** What is used of ws. */
declare class WebSocket extends EventEmitter {
  constructor(url: string)
  send(text: string): void
  close(): void
}

const GOING_AWAY = 1001
const IMPORTS = `import fs from 'node:fs'\nimport http from 'node:http'\nimport { WebSocketServer } from 'ws'`
/** Says which worker it is, and echoes. */
const serverText = (port: number) => `
const server = http.createServer((request, response) => response.end('plain'))
const sockets = new WebSocketServer({ server })
sockets.on('connection', (socket) => {
  socket.send(String(process.pid))
  socket.on('message', (message) => socket.send(String(message)))
})
server.listen(${port}, '127.0.0.1')
const sayGoodbye = () => { for (const socket of sockets.clients) socket.close(${GOING_AWAY}, 'see you') }`

interface Client {
  /** The worker that serves it. */
  readonly pid: number
  /** Says a word and has it echoed. */
  readonly converse: (word: string) => Promise<void>
  /** Code and reason of the close. */
  readonly closed: Promise<[number, Buffer]>
}

async function connect(t: TestContext, port: number): Promise<Client> {
  const ws = (await importPackage('ws/wrapper.mjs')) as { WebSocket: typeof WebSocket }
  const socket = new ws.WebSocket(`ws://127.0.0.1:${port}/`)
  t.after(() => socket.close())
  const heard: string[] = []
  socket.on('message', (message: Buffer) => heard.push(String(message)))
  const closed = once(socket, 'close') as Promise<[number, Buffer]>
  const pid = Number(await waitFor('the pid of the worker', () => heard[0]))
  const converse = async (word: string) => {
    socket.send(word)
    await waitFor('the echo', () => heard.includes(word))
  }
  return { pid, converse, closed }
}

async function assertClosedInOrder(instance: Instance, client: Client): Promise<void> {
  const [code, reason] = await client.closed
  assert.deepEqual([code, String(reason)], [GOING_AWAY, 'see you'])
  await waitFor('the worker to end', () => !isAlive(client.pid))
  assert.doesNotMatch(instance.log(), /SIGKILL|killed/)
}

test('a service that is told by its signal: its clients talk on until it says goodbye, new ones are elsewhere', async (t) => {
  const instance = createInstance(t)
  const port = await findFreePort()
  linkPackages(instance.home)
  const start = `start({ signal }) {${serverText(port)}
  signal.addEventListener('abort', async () => {
    fs.writeFileSync(home + '/draining', '')
    while (!fs.existsSync(home + '/goodbye')) await new Promise((resolve) => setTimeout(resolve, 10))
    sayGoodbye()
  })
}`
  instance.serve(start, IMPORTS)
  instance.configure('proc = 1\nstableTime = "50ms"\n')
  await instance.start()
  const client = await connect(t, port)
  const reload = instance.run(['reload'])
  await waitFor('the worker to drain', () => existsSync(instance.path('draining')))
  const next = await connect(t, port)
  assert.notEqual(next.pid, client.pid)
  for (const word of ['one', 'two', 'three']) await Promise.all([client.converse(word), next.converse(word)])
  writeFileSync(instance.path('goodbye'), '')
  await assertClosedInOrder(instance, client)
  assert.equal((await reload).code, 0)
  await next.converse('four')
  await instance.stop()
  await assertClosedInOrder(instance, next)
})

test('a server that knows nothing of us, and says goodbye on TERM: the same', async (t) => {
  const instance = createInstance(t)
  const port = await findFreePort()
  linkPackages(instance.home)
  instance.serveFile(`${IMPORTS}\n${serverText(port)}\nprocess.on('SIGTERM', sayGoodbye)`)
  instance.configure('proc = 1\nstableTime = "50ms"\n')
  await instance.start()
  const client = await connect(t, port)
  await client.converse('one')
  assert.equal((await instance.run(['reload'])).code, 0)
  await assertClosedInOrder(instance, client)
  const next = await connect(t, port)
  await next.converse('two')
  await instance.stop()
  await assertClosedInOrder(instance, next)
})
