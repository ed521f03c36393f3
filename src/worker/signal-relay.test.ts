import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { waitFor } from '../../test/support/wait-for.ts'
import { holdSignals } from './signal-relay.ts'

function hold(context: TestContext) {
  const held: string[] = []
  const relay = holdSignals(['SIGTERM', 'SIGINT'], (name) => held.push(name))
  context.after(() => {
    relay.release()
    for (const name of ['SIGTERM', 'SIGINT']) process.removeAllListeners(name)
  })
  return { relay, held }
}

async function signal(name: NodeJS.Signals, held: string[]): Promise<void> {
  const before = held.length
  process.kill(process.pid, name)
  await waitFor(`${name} to be held`, () => held.length > before)
}

test('a signal is held; the service’s own listeners get it when it is delivered', async (context) => {
  const { relay, held } = hold(context)
  const got: unknown[][] = []
  process.on('SIGTERM', (...values) => got.push(['on', ...values]))
  process.once('SIGTERM', (...values) => got.push(['once', ...values]))
  process.prependListener('SIGTERM', (...values) => got.push(['prepended', ...values]))
  await signal('SIGTERM', held)
  assert.deepEqual([held, got], [['SIGTERM'], []])
  assert.equal(relay.deliver('SIGTERM'), true)
  assert.deepEqual(got, [
    ['prepended', 'SIGTERM', 15],
    ['on', 'SIGTERM', 15],
    ['once', 'SIGTERM', 15],
  ])
  relay.deliver('SIGTERM')
  assert.equal(got.length, 5)
})

test('without a listener nothing is delivered, and the process lives', async (context) => {
  const { relay, held } = hold(context)
  await signal('SIGINT', held)
  assert.equal(relay.deliver('SIGINT'), false)
  process.once('SIGINT', () => {})
  assert.equal(relay.deliver('SIGINT'), true)
  assert.equal(relay.deliver('SIGINT'), false)
})

test('a service that takes all listeners away does not bring the default action back', async (context) => {
  const { relay, held } = hold(context)
  process.on('SIGTERM', () => {})
  process.removeAllListeners('SIGTERM')
  await signal('SIGTERM', held)
  assert.equal(relay.deliver('SIGTERM'), false)
})

test('other events and other signals are as ever', async (context) => {
  hold(context)
  const got: unknown[] = []
  const listener = (...values: unknown[]): void => void got.push(...values)
  process.once('SIGWINCH', listener)
  process.kill(process.pid, 'SIGWINCH')
  await waitFor('SIGWINCH', () => got.length > 0)
  assert.deepEqual(got, ['SIGWINCH', 28])
})

test('released, everything is as it was', () => {
  const { emit } = process
  const count = process.listenerCount('SIGTERM')
  holdSignals(['SIGTERM'], () => {}).release()
  assert.deepEqual([process.emit, process.listenerCount('SIGTERM')], [emit, count])
})
