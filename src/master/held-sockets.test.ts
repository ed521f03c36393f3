import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { ListenQuery, ToChild } from '../protocol.ts'
import type { Settings } from '../settings/table.ts'
import { ListenTable } from '../system/listen-table.ts'
import { HeldSockets } from './held-sockets.ts'

const QUERY: ListenQuery = { kind: 'tcp', host: '127.0.0.1', port: 0, ipv6Only: false, backlog: null, index: 0 }

/** Sockets for workers that take what they are given, or not; and what was said to them. */
function holdSockets(context: TestContext, isTaken: () => boolean) {
  const table = new ListenTable({ balance: 'kernel', backlog: 8, socketMode: 0o600, socketOwner: null }, [])
  context.after(() => table.closeAll())
  const said: ToChild[] = []
  const sockets = new HeldSockets({
    table,
    children: { send: (_, message) => void said.push(message), handOver: () => (isTaken() ? 0 : null) },
    emit: () => {},
    settings: {} as Settings,
  })
  return { sockets, said, table }
}

test('a worker gets the socket of its slot', (context) => {
  const { sockets, said } = holdSockets(context, () => true)
  const given = sockets.give(6, 1, QUERY)
  assert.deepEqual(given, { socket: { key: 'tcp:127.0.0.1:0', slot: 3 }, isGiven: true })
  assert.deepEqual(
    said.map(({ type }) => type),
    ['socket'],
  )
})

test('one that cannot be handed over is known all the same, because clients come to it', (context) => {
  const { sockets, said, table } = holdSockets(context, () => false)
  const { socket, isGiven } = sockets.give(2, 1, QUERY)
  assert.deepEqual([socket?.slot, isGiven], [1, false])
  assert.deepEqual(table.slotsOf('tcp:127.0.0.1:0'), [1])
  assert.deepEqual(
    said.map((message) => message.type === 'no-socket' && message.code),
    ['EAGAIN'],
  )
})

test('a service that opens one after the other is stopped before the master has none left', (context) => {
  const { sockets, said } = holdSockets(context, () => true)
  for (let index = 0; index < 300; index++) sockets.give(0, index, { ...QUERY, index })
  const refused = said.filter((message) => message.type === 'no-socket')
  assert.deepEqual([said.length - refused.length, refused[0]?.code], [256, 'EMFILE'])
  sockets.give(0, 999, { ...QUERY, index: 3 })
  assert.equal(said.at(-1)?.type, 'socket', 'what is held already')
})
