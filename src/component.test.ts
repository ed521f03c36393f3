import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Component, startAll, stopAll } from './component.ts'

/** Components that write down what happens to them; those that are named fail. */
function createComponents(failing: { start?: string; stop?: readonly string[] } = {}) {
  const calls: string[] = []
  const components = ['a', 'b', 'c'].map<Component>((name) => ({
    name,
    async start() {
      calls.push(`start ${name}`)
      if (failing.start === name) throw new Error(`start ${name}`)
    },
    async stop() {
      calls.push(`stop ${name}`)
      if (failing.stop?.includes(name)) throw new Error(`stop ${name}`)
    },
  }))
  return { calls, components }
}

const never = new AbortController().signal

test('started in order, stopped in reverse', async () => {
  const { calls, components } = createComponents()
  await startAll(components, never)
  await stopAll(components)
  assert.deepEqual(calls, ['start a', 'start b', 'start c', 'stop c', 'stop b', 'stop a'])
})

test('a start that fails stops itself and the earlier ones, and is what is thrown', async () => {
  const { calls, components } = createComponents({ start: 'b' })
  await assert.rejects(startAll(components, never), { message: 'start b' })
  assert.deepEqual(calls, ['start a', 'start b', 'stop b', 'stop a'])
})

test('one that cannot be stopped does not keep the others; the first failure is thrown', async () => {
  const { calls, components } = createComponents({ stop: ['c', 'b'] })
  await assert.rejects(stopAll(components), { message: 'stop c' })
  assert.deepEqual(calls, ['stop c', 'stop b', 'stop a'])
})

test('a start that is given up begins nothing more', async () => {
  const { calls, components } = createComponents()
  const controller = new AbortController()
  const [first, ...others] = components
  const aborting: Component = {
    ...first!,
    async start(signal) {
      await first!.start(signal)
      controller.abort(new Error('given up'))
    },
  }
  await assert.rejects(startAll([aborting, ...others], controller.signal), { message: 'given up' })
  assert.deepEqual(calls, ['start a', 'stop a'])
})

test('nothing to start, nothing to stop', async () => {
  await startAll([], never)
  await stopAll([])
})
