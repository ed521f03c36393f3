import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { waitFor } from '../../test/support/wait-for.ts'
import { ListenTable } from '../system/listen-table.ts'
import { closeDescriptor, duplicateDescriptor } from '../system/socket-calls.ts'
import { RoundRobin } from './round-robin.ts'

/** A socket whose connections are written down by the seat that took them; `takes` says who does. */
function startTurns(context: TestContext, takes: (seat: number) => boolean) {
  const table = new ListenTable({ balance: 'round-robin', backlog: 100, socketMode: 0o600, socketOwner: null }, [])
  const query = { kind: 'tcp', host: '127.0.0.1', port: 0, ipv6Only: false, backlog: null, index: 0 } as const
  const { descriptor } = table.open(query, 0)
  const taken: number[] = []
  const held: number[] = []
  const turns = new RoundRobin({
    ...{ descriptor, backlog: 100 },
    give(seat, connection) {
      if (!takes(seat)) return false
      taken.push(seat)
      held.push(duplicateDescriptor(connection)) // as the worker has it
      return true
    },
  })
  context.after(() => {
    turns.stop()
    for (const fd of held) closeDescriptor(fd)
    table.closeAll()
  })
  const port = Number(table.addresses()[0]?.split(':')[1])
  const clients: Socket[] = []
  const join = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) {
      const client = connect(port, '127.0.0.1')
      clients.push(client)
      context.after(() => client.destroy())
      await once(client, 'connect')
    }
  }
  return { turns, taken, clients, join }
}

const areTaken = (taken: readonly number[], count: number) =>
  waitFor(
    `${count} connections to be taken`,
    () => taken.length,
    (length) => length === count,
  )

test('connections go to the able in turn', async (context) => {
  const { turns, taken, join } = startTurns(context, () => true)
  turns.setAble([3, 5])
  await join(4)
  await areTaken(taken, 4)
  assert.deepEqual(taken, [3, 5, 3, 5])
})

test('who does not take one is passed over', async (context) => {
  const { turns, taken, join } = startTurns(context, (seat) => seat === 5)
  turns.setAble([3, 5])
  await join(2)
  await areTaken(taken, 2)
  assert.deepEqual(taken, [5, 5])
})

test('what nobody takes waits, and is not closed', async (context) => {
  let isOpen = false
  const { turns, taken, clients, join } = startTurns(context, () => isOpen)
  turns.setAble([1])
  await join(20)
  isOpen = true
  await areTaken(taken, 20)
  assert.ok(clients.every((client) => !client.readableEnded && !client.destroyed))
})

test('while nobody is able, clients wait in the queue', async (context) => {
  const { turns, taken, clients, join } = startTurns(context, () => true)
  turns.setAble([1])
  turns.setAble([])
  await join(5)
  turns.setAble([2])
  await areTaken(taken, 5)
  assert.deepEqual(new Set(taken), new Set([2]))
  assert.ok(clients.every((client) => !client.destroyed))
})
