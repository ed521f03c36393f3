/** Servers that know nothing of us, with sockets of a table in this process. */
import assert from 'node:assert/strict'
import cluster from 'node:cluster'
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { after, before, test } from 'node:test'
import { ListenTable } from '../system/listen-table.ts'
import { duplicateDescriptor } from '../system/socket-calls.ts'
import { Listening } from './listening.ts'

const POLICY = { balance: 'kernel', backlog: 511, socketMode: 0o600, socketOwner: null } as const
const table = new ListenTable(POLICY, [])
const unlistened: string[] = []
let onGiven: (key: string) => void = () => {}
const listening = new Listening(
  {
    open(query, take) {
      try {
        const { key, descriptor } = table.open(query, 0)
        take({ socket: { key, descriptor: duplicateDescriptor(descriptor), isPassive: false } })
        onGiven(key)
      } catch (error) {
        take({ error })
      }
    },
    unlisten: (key) => void unlistened.push(key),
  },
  511,
)

before(() => listening.install())
after(() => table.closeAll())

const portOf = (server: net.Server) => (server.address() as net.AddressInfo).port

async function listen(server: net.Server, ...args: unknown[]): Promise<number> {
  Reflect.apply(server.listen, server, args)
  await once(server, 'listening')
  return portOf(server)
}

function get(port: number, host = '127.0.0.1'): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get({ port, host, agent: false }, (response) => {
      response.setEncoding('utf8').on('data', resolve)
    })
    request.on('error', reject)
  })
}

const hello = () => http.createServer((_, response) => response.end('hello'))

test('a process of ours is a worker of a cluster', () => {
  assert.deepEqual([cluster.isPrimary, cluster.isWorker], [false, true])
})

test('an abstract unix socket is refused with the error of the server, in a later turn', async () => {
  for (const path of ['\0myd', `/${'x'.repeat(200)}`]) {
    const server = net.createServer()
    server.listen(path)
    const [error] = await once(server, 'error')
    assert.equal(error.code, 'EINVAL')
  }
})

test('listen(0) in every form is answered, each server with a port of its own', async () => {
  const servers = [hello(), hello(), hello()] as const
  const ports = [
    await listen(servers[0], 0),
    await listen(servers[1], 0, '127.0.0.1'),
    await listen(servers[2], { port: 0, host: 'localhost', backlog: 7 }),
  ]
  assert.equal(new Set(ports).size, 3)
  for (const port of ports) assert.equal(await get(port), 'hello')
  for (const server of servers) server.close()
})

test('what is in use is told as without us', async () => {
  const server = hello()
  const port = await listen(server, 0, '127.0.0.1')
  const [error] = await once(net.createServer().listen(port, '127.0.0.1'), 'error')
  assert.match(error.message, new RegExp(`^listen EADDRINUSE: address already in use 127\\.0\\.0\\.1:${port}$`))
  server.close()
})

test('a server that its service closes accepts nothing more, and the source is told', async () => {
  const server = hello()
  await listen(server, 0, '127.0.0.1')
  const [key] = listening.keys()
  unlistened.length = 0
  server.close()
  await once(server, 'close')
  assert.deepEqual(unlistened, [key])
  assert.deepEqual(listening.keys(), [])
})

test('a socket that is lent is served until it is taken back; what waits then is not lost', async () => {
  const server = hello()
  const port = await listen(server, 0, '127.0.0.1')
  const query = { kind: 'tcp', host: '127.0.0.1', port, ipv6Only: false, backlog: null, index: 0 } as const
  const other = new ListenTable({ ...POLICY, balance: 'shared' }, [])
  const { descriptor } = other.open({ ...query, port: 0 }, 0)
  const address = other.addresses()[0] ?? ''
  const lentPort = Number(address.split(':')[1])
  const [key = ''] = listening.keys()
  listening.lend(key, 5, duplicateDescriptor(descriptor))
  assert.equal(await get(lentPort), 'hello')
  listening.takeBack(key, 5)
  const waiting = get(lentPort)
  await once(net.connect(lentPort, '127.0.0.1'), 'connect')
  listening.lend(key, 5, duplicateDescriptor(descriptor))
  assert.equal(await waiting, 'hello')
  server.close()
  other.closeAll()
})

test('a loan and a connection that come right behind the socket are taken', async () => {
  const lender = new ListenTable({ ...POLICY, balance: 'shared' }, [])
  const query = { kind: 'tcp', host: '127.0.0.1', port: 0, ipv6Only: false, backlog: null, index: 0 } as const
  const { descriptor } = lender.open(query, 0)
  onGiven = (key) => listening.lend(key, 9, duplicateDescriptor(descriptor))
  const server = hello()
  await listen(server, 0, '127.0.0.1')
  onGiven = () => {}
  assert.equal(await get(Number(lender.addresses()[0]?.split(':')[1])), 'hello')
  server.close()
  lender.closeAll()
})

test('a server counts what it did not accept itself, and heeds maxConnections', async () => {
  const server = net.createServer()
  const port = await listen(server, 0, '127.0.0.1')
  server.maxConnections = 1
  const [key = ''] = listening.keys()
  const accepted = once(server, 'connection')
  const first = net.connect(port, '127.0.0.1')
  const [socket] = await accepted
  const lender = new ListenTable({ ...POLICY, balance: 'shared' }, [])
  const { descriptor } = lender.open(
    { kind: 'tcp', host: '127.0.0.1', port: 0, ipv6Only: false, backlog: null, index: 0 },
    0,
  )
  listening.lend(key, 1, duplicateDescriptor(descriptor))
  const second = net.connect(Number(lender.addresses()[0]?.split(':')[1]), '127.0.0.1')
  second.on('error', () => {})
  await once(second, 'close')
  socket.destroy()
  await once(first, 'close')
  server.close()
  lender.closeAll()
})

test('the last on an address serves what waits, then clients find nobody', async () => {
  const server = hello()
  const port = await listen(server, 0, '127.0.0.1')
  const [key = ''] = listening.keys()
  const clients = Array.from({ length: 20 }, () => net.connect(port, '127.0.0.1'))
  const answers = clients.map(async (client) => {
    client.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    const chunks = await client.setEncoding('utf8').toArray()
    return chunks.join('')
  })
  await Promise.all(clients.map((client) => once(client, 'connect')))
  listening.stopAccepting([key])
  table.closeAll()
  await listening.drain({ idleMs: 100, signal: new AbortController().signal }, () => {})
  for (const answer of await Promise.all(answers)) assert.match(answer, /hello/)
  assert.equal(portOf(server), port, 'the address of a server that drains')
  await assert.rejects(get(port), /ECONNREFUSED/)
  server.close()
  await once(server, 'close')
})
