import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection } from './connection.ts'
import { Parked, type Pending } from './parked.ts'
import type { Operation } from './wire.ts'

const connect = (...types: string[]): Connection => ({ types: new Set(types) }) as unknown as Connection
const pending = (connection: Connection, operation: Operation): Pending => ({
  connection,
  request: { id: 1, operation },
})

test('a take waits until there is a job of its types', () => {
  const parked = new Parked()
  const [a, b] = [connect('noop'), connect('resize')]
  parked.park(pending(a, { op: 'take', n: 1 }), undefined)
  parked.park(pending(b, { op: 'take', n: 1 }), undefined)
  const ready = (types: ReadonlySet<string>): boolean => types.has('resize')
  assert.deepEqual(
    parked.unparkTakes(ready).map(({ connection }) => connection),
    [b],
  )
  assert.deepEqual(parked.unparkTakes(ready), [])
  assert.equal(parked.removeTakes(a).length, 1)
})

test('a wait comes back when its last job is final', () => {
  const parked = new Parked()
  parked.park(pending(connect(), { op: 'wait', jobs: [1, 2] }), [1, 2])
  assert.deepEqual(parked.unparkWaits([1]), [])
  assert.equal(parked.unparkWaits([2, 3]).length, 1)
  assert.deepEqual(parked.unparkWaits([1, 2]), [])
})

test('a wait for all is asked again whenever a job is final', () => {
  const parked = new Parked()
  parked.park(pending(connect(), { op: 'waitAll' }), null)
  assert.deepEqual(parked.unparkWaits([]), [])
  assert.equal(parked.unparkWaits([9]).length, 1)
})

test('what a closed connection waited for is forgotten', () => {
  const parked = new Parked()
  const [gone, stays] = [connect('noop'), connect('noop')]
  parked.park(pending(gone, { op: 'take', n: 1 }), undefined)
  for (const connection of [gone, stays]) parked.park(pending(connection, { op: 'wait', jobs: [1] }), [1])
  parked.forget(gone)
  assert.deepEqual(
    parked.unparkTakes(() => true),
    [],
  )
  assert.deepEqual(
    parked.unparkWaits([1]).map(({ connection }) => connection),
    [stays],
  )
})
