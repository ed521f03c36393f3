import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import type { GoneWorker } from '../protocol.ts'
import type { Connection } from './connection.ts'
import { Refusal } from './wire.ts'
import { WorkerTable } from './worker-table.ts'

const newConnection = (): Connection => ({ worker: null, types: new Set() }) as unknown as Connection

function newTable(): { table: WorkerTable; ended: string[] } {
  const ended: string[] = []
  return { table: new WorkerTable({ endWorker: ({ worker }: GoneWorker) => void ended.push(worker) }), ended }
}

const isSuperseded = (error: unknown): boolean => error instanceof Refusal && error.wire.code === 'superseded'

test('only a connection that has attached may do what workers do', () => {
  const { table } = newTable()
  const connection = newConnection()
  assert.throws(() => table.require(connection), /attach/)
  table.attach(connection, 'w', ['noop'])
  table.require(connection)
})

test('the later connection of a worker is the one that counts', () => {
  const { table } = newTable()
  const [first, second] = [newConnection(), newConnection()]
  table.attach(first, 'w', ['noop'])
  table.attach(second, 'w', ['noop'])
  assert.throws(() => table.require(first), isSuperseded)
  table.require(second)
})

test('a gone worker is read to the end of its connection first', () => {
  const { table, ended } = newTable()
  const connection = newConnection()
  table.attach(connection, 'w', ['noop'])
  table.end({ worker: 'w', charged: [] })
  assert.deepEqual(ended, [])
  table.closed(connection)
  assert.deepEqual(ended, ['w'])
  assert.throws(() => table.attach(newConnection(), 'w', ['noop']), isSuperseded)
})

test('a gone worker whose connection stays open is waited for a second', () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  const { table, ended } = newTable()
  table.attach(newConnection(), 'w', ['noop'])
  table.end({ worker: 'w', charged: [] })
  mock.timers.tick(999)
  assert.deepEqual(ended, [])
  mock.timers.tick(1)
  assert.deepEqual(ended, ['w'])
  mock.timers.reset()
})

test('a gone worker that had not attached yet is given a moment to', () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  const { table, ended } = newTable()
  table.end({ worker: 'w', charged: [] })
  mock.timers.tick(50)
  const connection = newConnection()
  table.attach(connection, 'w', ['noop'])
  mock.timers.tick(500)
  assert.deepEqual(ended, [])
  table.closed(connection)
  assert.deepEqual(ended, ['w'])
  table.end({ worker: 'never seen', charged: [] })
  mock.timers.tick(100)
  assert.deepEqual(ended, ['w', 'never seen'])
  mock.timers.reset()
})
