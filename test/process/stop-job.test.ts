/** A stop while a job runs: whoever else is told to end, and how often, the job is finished and recorded. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { JobView } from '../../src/job/wire.ts'
import { createInstance, type Instance } from '../support/instance.ts'
import { findRole, isAlive, signal } from '../support/processes.ts'
import { waitFor } from '../support/wait-for.ts'

/** One worker, with a job of three seconds in hand. */
async function startWithJob(t: TestContext): Promise<{ instance: Instance; master: number }> {
  const instance = createInstance(t)
  const master = await instance.start('--proc=1')
  assert.equal((await instance.run(['job', 'add', '--', 'sleep', '3'])).code, 0)
  await waitFor('the job to run', async () => (await showJob(instance)).state === 'reserved')
  return { instance, master }
}

async function showJob(instance: Instance): Promise<JobView> {
  const { stdout, stderr } = await instance.run(['job', 'show', '1', '--json'])
  assert.notEqual(stdout, '', stderr)
  return JSON.parse(stdout)
}

async function assertFinished(instance: Instance, master: number): Promise<void> {
  await waitFor('the master to end', () => !isAlive(master))
  const { state, attempt, reason } = await showJob(instance)
  assert.deepEqual({ state, attempt, reason }, { state: 'done', attempt: 1, reason: '' })
  instance.assertGone()
}

test('TERM to every process at once, as systemd and pkill send it', async (t) => {
  const { instance, master } = await startWithJob(t)
  for (const role of ['store', 'worker', 'master'] as const) signal(findRole(instance.home, role) ?? 0, 'SIGTERM')
  await assertFinished(instance, master)
})

test('TERM to a worker that drains already', async (t) => {
  const { instance, master } = await startWithJob(t)
  const worker = findRole(instance.home, 'worker') ?? 0
  signal(master, 'SIGTERM')
  await instance.logged(/daemon\.stopping/)
  signal(worker, 'SIGTERM')
  signal(worker, 'SIGTERM')
  await assertFinished(instance, master)
})

test('TERM means nothing to a store that serves', async (t) => {
  const { instance, master } = await startWithJob(t)
  const store = findRole(instance.home, 'store') ?? 0
  signal(store, 'SIGTERM')
  await waitFor('the job to be done', async () => (await showJob(instance)).state === 'done')
  assert.equal(findRole(instance.home, 'store'), store)
  await instance.stop()
  await assertFinished(instance, master)
})
