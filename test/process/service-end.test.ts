/** What a worker ends with when its service asks for an end, and when something goes wrong while it ends. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createInstance } from '../support/instance.ts'
import { signal } from '../support/processes.ts'

test('exit(78) and a throw in start: the worker ends with 78, and what was thrown is told', async (t) => {
  const instance = createInstance(t)
  instance.serve(`start({ exit }) { exit(78); throw new Error('the licence is over') }`)
  const { code, stderr } = await instance.run(['--daemon', '--proc=1'])
  assert.equal(code, 78, stderr)
  assert.match(instance.log(), /worker 0 \(pid \d+\) cannot start: the licence is over/)
  assert.match(instance.log(), /worker 0 \(pid \d+\) ended: exit 78,/)
  instance.assertGone()
})

test('exit(78) and a stop that throws: 78', async (t) => {
  const instance = createInstance(t)
  instance.serve(`start({ exit }) {
    process.once('SIGUSR2', () => exit(78))
    return { stop() { throw new Error('the lamp does not go out') } }
  }`)
  await instance.start('--proc=1')
  signal((await instance.worker()).pid, 'SIGUSR2')
  await instance.logged(/worker 0 \(pid \d+\) ended: exit 78,/)
  assert.match(instance.log(), /the lamp does not go out/)
})

test('what nobody catches while the worker ends: exit 1, told', async (t) => {
  const instance = createInstance(t)
  instance.serve(`start: () => ({
    stop() {
      setImmediate(() => { throw new Error('the lamp broke') })
      return new Promise((resolve) => process.once('uncaughtExceptionMonitor', () => setImmediate(resolve)))
    },
  })`)
  await instance.start('--proc=1')
  await instance.stop()
  assert.match(instance.log(), /the lamp broke/)
  assert.match(instance.log(), /worker 0 \(pid \d+\) ended: exit 1,/)
})
