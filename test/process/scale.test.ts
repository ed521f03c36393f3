/** `scale N`, TTIN and TTOU: more or fewer workers while it runs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Status } from '../../src/admin/control.ts'
import { createInstance, type Instance } from '../support/instance.ts'
import { isAlive, listOwned, signal } from '../support/processes.ts'
import { waitFor } from '../support/wait-for.ts'

async function awaitWorkers(instance: Instance, proc: number): Promise<Status> {
  const holds = ({ workers }: Status) => workers.length === proc && workers.every(({ state }) => state === 'ready')
  const status = await waitFor(`${proc} ready workers`, () => instance.status(), holds)
  assert.equal(status.proc, proc)
  assert.equal(listOwned(instance.home).length, proc + 2)
  return status
}

test('scale up and down: who stays is not touched', async (t) => {
  const instance = createInstance(t)
  await instance.start('--proc=1')
  const { pid } = await instance.worker()
  const up = await instance.run(['scale', '3'])
  assert.deepEqual([up.code, up.stdout, up.stderr], [0, '', '1 → 3 workers\n'])
  await awaitWorkers(instance, 3)
  assert.equal((await instance.run(['scale', '3'])).stderr, '3 workers already\n')
  assert.equal((await instance.run(['scale', '1'])).code, 0)
  const status = await awaitWorkers(instance, 1)
  assert.deepEqual([status.workers[0]!.pid, status.workers[0]!.restarts], [pid, 0])
})

test('TTIN is one more, TTOU one fewer, never none', async (t) => {
  const instance = createInstance(t)
  const pid = await instance.start('--proc=1')
  signal(pid, 'SIGTTIN')
  await awaitWorkers(instance, 2)
  for (let i = 0; i < 3; i++) {
    signal(pid, 'SIGTTOU')
    await awaitWorkers(instance, 1)
  }
  assert.ok(isAlive(pid))
})

test('up, down and up again while workers still start or drain', async (t) => {
  const instance = createInstance(t)
  instance.serve('start: () => ({ stop: () => new Promise((resolve) => setTimeout(resolve, 200)) })')
  await instance.start('--proc=2')
  for (const proc of ['4', '1', '3', '1', '2']) assert.equal((await instance.run(['scale', proc])).code, 0)
  await awaitWorkers(instance, 2)
})

test('wrong numbers: 64, and nothing is changed', async (t) => {
  const instance = createInstance(t)
  await instance.start('--proc=1')
  for (const args of [['0'], ['1025'], ['abc'], ['-1'], ['1.5'], ['1e1'], ['auto'], [], ['1', '2']]) {
    const result = await instance.run(['scale', ...args])
    assert.deepEqual([result.code, result.stdout], [64, ''], args.join(' '))
    assert.match(result.stderr, /^myd: .+\n {5}.+\n$/, args.join(' '))
  }
  await awaitWorkers(instance, 1)
})

test('scale with no daemon: 69', async (t) => {
  assert.equal((await createInstance(t).run(['scale', '2'])).code, 69)
})
