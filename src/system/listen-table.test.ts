import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { waitFor } from '../../test/support/wait-for.ts'
import type { ListenQuery } from '../protocol.ts'
import { boundAddress } from './bind-ip.ts'
import { type ListenPolicy, ListenTable } from './listen-table.ts'
import { acceptWaiting, closeDescriptor, describeSocket } from './socket-calls.ts'

const POLICY: ListenPolicy = { balance: 'kernel', backlog: 511, socketMode: 0o660, socketOwner: null }
const ANY_PORT: ListenQuery = { kind: 'tcp', host: '127.0.0.1', port: 0, ipv6Only: false, backlog: null, index: 0 }

const portOf = (descriptor: number) => boundAddress(descriptor, false).port
const countOpen = () => readdirSync('/proc/self/fd').length

let openBefore: number
let directory: string
let unixQuery: ListenQuery
let tables: ListenTable[]

beforeEach(() => {
  openBefore = countOpen()
  directory = mkdtempSync(join(tmpdir(), 'myd-listen-'))
  unixQuery = { ...ANY_PORT, kind: 'unix', host: join(directory, 'x.sock') }
  tables = []
})
afterEach(async () => {
  for (const table of tables) table.closeAll()
  rmSync(directory, { recursive: true })
  await waitFor('every descriptor to be closed', countOpen, (count) => count === openBefore)
})

function makeTable(policy: Partial<ListenPolicy> = {}, ...inherited: ConstructorParameters<typeof ListenTable>[1]) {
  const table = new ListenTable({ ...POLICY, ...policy }, inherited)
  tables.push(table)
  return table
}

/** Connects `count` times, one after the other. @returns what to call when it is enough */
async function connectTo(address: net.NetConnectOpts, count: number): Promise<() => void> {
  const clients: net.Socket[] = []
  for (let made = 0; made < count; made++) {
    const client = net.connect(address)
    await new Promise<void>((resolve, reject) => client.once('connect', resolve).once('error', reject))
    clients.push(client.on('error', () => {}))
  }
  return () => {
    for (const client of clients) client.destroy()
  }
}

test('three slots on port 0 have a socket each, on one port, and connections spread over them', async () => {
  const table = makeTable()
  const opened = [0, 1, 2].map((slot) => table.open(ANY_PORT, slot))
  assert.equal(table.modeOf('tcp:127.0.0.1:0'), 'per-slot')
  assert.deepEqual(table.slotsOf('tcp:127.0.0.1:0'), [0, 1, 2])
  const ports = new Set(opened.map(({ descriptor }) => portOf(descriptor)))
  assert.equal(ports.size, 1)
  assert.equal(new Set(opened.map(({ descriptor }) => descriptor)).size, 3)
  assert.ok(opened.every(({ descriptor }) => describeSocket(descriptor)?.isListening))

  const disconnect = await connectTo({ host: '127.0.0.1', port: [...ports][0]! }, 100)
  const accepted = opened.map(({ descriptor }) => acceptWaiting(descriptor))
  const counts = accepted.map((connections) => connections.length)
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    100,
  )
  assert.ok(
    counts.every((count) => count > 5),
    `spread ${counts}`,
  )
  accepted.flat().forEach(closeDescriptor)
  disconnect()
})

test('a socket is bound once, and the same for who asks again', () => {
  const table = makeTable()
  table.prepare([ANY_PORT])
  table.prepare([ANY_PORT])
  const first = table.open(ANY_PORT, 0)
  assert.deepEqual(table.open(ANY_PORT, 0), first)
  assert.equal(table.descriptorOf(first.key, 0), first.descriptor)
  assert.equal(table.descriptorOf(first.key, 1), null)
  assert.equal(table.descriptorOf('tcp:*:1', 0), null)
  assert.deepEqual(table.keys(), [first.key])
  table.open(unixQuery, 1)
  assert.deepEqual(table.addresses(), [`127.0.0.1:${portOf(first.descriptor)}`, unixQuery.host])
})

test('two that want any port get two', () => {
  const table = makeTable()
  const [first, second] = [0, 1].map((index) => table.open({ ...ANY_PORT, index }, 0))
  assert.notEqual(portOf(first!.descriptor), portOf(second!.descriptor))
})

test('a second instance on the same port is told, whatever the two share', () => {
  for (const balance of ['kernel', 'shared'] as const) {
    const port = portOf(makeTable().open(ANY_PORT, 0).descriptor)
    const other = makeTable({ balance })
    const error = { code: 'EADDRINUSE', message: `bind 127.0.0.1:${port}: EADDRINUSE` }
    assert.throws(() => other.open({ ...ANY_PORT, port }, 0), error)
    assert.throws(() => other.open({ ...ANY_PORT, port, host: null }, 0), { code: 'EADDRINUSE' })
    assert.deepEqual(other.keys(), [])
  }
})

test('a port is free again when it was closed, also after connections', async () => {
  const table = makeTable()
  const { key, descriptor } = table.open(ANY_PORT, 0)
  const port = portOf(descriptor)
  const disconnect = await connectTo({ host: '127.0.0.1', port }, 3)
  acceptWaiting(descriptor).forEach(closeDescriptor) // closes first: its side keeps TIME_WAIT
  table.close(key)
  disconnect()
  makeTable().open({ ...ANY_PORT, port }, 0)
})

test('of several addresses all are bound or none is', () => {
  const port = portOf(makeTable().open(ANY_PORT, 0).descriptor)
  const table = makeTable()
  table.prepare([ANY_PORT])
  assert.throws(() => table.prepare([unixQuery, { ...ANY_PORT, port }]), { code: 'EADDRINUSE' })
  assert.deepEqual(table.keys(), ['tcp:127.0.0.1:0'])
  assert.deepEqual(readdirSync(directory), [])
})

test('any address is IPv6 and IPv4', async () => {
  const table = makeTable()
  const port = portOf(table.open({ ...ANY_PORT, host: null }, 0).descriptor)
  for (const host of ['127.0.0.1', '::1']) (await connectTo({ host, port }, 1))()
})

test('IPv6 only leaves the port of IPv4 to others', () => {
  const table = makeTable()
  const query = { ...ANY_PORT, host: '::', ipv6Only: true }
  const port = portOf(table.open(query, 0).descriptor)
  table.open(query, 1)
  makeTable().open({ ...ANY_PORT, host: '0.0.0.0', port }, 0)
})

test('one socket for all: balance shared, unix, UDP', () => {
  const rows: [ListenQuery, ListenPolicy['balance'], isInTurn: boolean][] = [
    [ANY_PORT, 'shared', false],
    [ANY_PORT, 'round-robin', true],
    [unixQuery, 'kernel', false],
    [unixQuery, 'round-robin', true],
    [{ ...ANY_PORT, kind: 'udp' }, 'kernel', false],
    [{ ...ANY_PORT, kind: 'udp' }, 'round-robin', false],
  ]
  for (const [query, balance, isInTurn] of rows) {
    const table = makeTable({ balance })
    const { key, descriptor } = table.open(query, 1)
    assert.deepEqual(table.open(query, 2), { key, descriptor })
    assert.deepEqual([table.modeOf(key), table.slotsOf(key)], ['shared', []])
    assert.equal(table.descriptorOf(key, 5), descriptor)
    assert.equal(table.isInTurn(key), isInTurn)
    table.closeAll()
  }
})

test('settings after a reload are for what is bound from then on', () => {
  const table = makeTable()
  const { key } = table.open(ANY_PORT, 0)
  table.setPolicy({ ...POLICY, balance: 'shared', socketMode: 0o600 })
  assert.equal(table.modeOf(key), 'per-slot')
  assert.equal(table.modeOf(table.open({ ...ANY_PORT, index: 1 }, 0).key), 'shared')
  table.open(unixQuery, 0)
  assert.equal(statSync(unixQuery.host!).mode & 0o777, 0o600)
})

test('a unix socket has its file while it is in the table, and leaves that of others', async () => {
  const path = unixQuery.host!
  const table = makeTable()
  const { key, descriptor } = table.open(unixQuery, 0)
  assert.equal(statSync(path).mode & 0o777, 0o660)
  const disconnect = await connectTo({ path }, 1)
  assert.equal(acceptWaiting(descriptor).map(closeDescriptor).length, 1)
  disconnect()
  assert.throws(() => makeTable().open(unixQuery, 0), { code: 'EADDRINUSE', message: `bind ${path}: EADDRINUSE` })
  table.close(key)
  assert.ok(!existsSync(path))

  table.open(unixQuery, 0)
  rmSync(path)
  writeFileSync(path, 'of somebody else')
  table.close(key)
  assert.ok(existsSync(path))
})

test('a file that cannot be removed keeps nothing open, and is told', () => {
  const left: [string, string][] = []
  const table = new ListenTable(POLICY, [], (path, reason) => left.push([path, reason]))
  tables.push(table)
  const run = join(directory, 'run')
  mkdirSync(run)
  const path = join(run, 'x.sock')
  table.open({ ...unixQuery, host: path }, 0)
  table.open(ANY_PORT, 0)
  renameSync(run, join(directory, 'moved'))
  writeFileSync(run, 'in the place of the directory')
  table.closeAll()
  assert.deepEqual(table.keys(), [])
  assert.equal(countOpen(), openBefore)
  assert.equal(left.length, 1)
  assert.equal(left[0]?.[0], path)
  assert.match(left[0]?.[1] ?? '', /ENOTDIR/)
})

test('what was passed by systemd is used, by name or by address, and stays open until the end', () => {
  const port = portOf(makeTable().open(ANY_PORT, 0).descriptor)
  const [first, second] = [0, 1].map((index) => {
    const { descriptor } = makeTable().open({ ...ANY_PORT, index }, 0)
    tables.pop() // the other table owns it from now on
    return descriptor
  })
  const address = { kind: 'tcp', host: '127.0.0.1', port: portOf(first!) } as const
  const table = makeTable(
    { balance: 'kernel' },
    { descriptor: first!, name: 'web', address },
    { descriptor: second!, name: 'web', address: { ...address, port: portOf(second!) } },
  )
  const byAddress = table.open({ ...ANY_PORT, port: portOf(first!) }, 3)
  assert.equal(byAddress.descriptor, first)
  assert.equal(table.modeOf(byAddress.key), 'shared')
  const byName: ListenQuery = { ...ANY_PORT, kind: 'systemd', host: 'web', port: 0 }
  assert.deepEqual(table.open(byName, 0), { key: 'systemd:web', descriptor: first })
  assert.deepEqual(table.open({ ...byName, index: 1 }, 0), { key: 'systemd:web#1', descriptor: second })
  assert.throws(() => table.open({ ...byName, host: 'other' }, 0), {
    code: 'EADDRNOTAVAIL',
    message: /passed web, web/,
  })
  assert.throws(() => table.open({ ...byName, index: 2 }, 0), { code: 'EADDRNOTAVAIL' })
  assert.throws(() => table.open({ ...ANY_PORT, port }, 0), { code: 'EADDRINUSE' })
  table.close('systemd:web')
  assert.deepEqual(table.open(byName, 0), { key: 'systemd:web', descriptor: first })
})

test('everything is closed once', () => {
  const table = makeTable()
  table.open(ANY_PORT, 0)
  table.closeAll()
  table.closeAll()
  table.close('tcp:127.0.0.1:0')
  assert.deepEqual(table.keys(), [])
  assert.throws(() => table.modeOf('tcp:127.0.0.1:0'), /there is no socket/)
})
