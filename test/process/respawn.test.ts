/** A worker that dies is there again; one that dies again and again is not started for ever. */
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Status } from '../../src/admin/control.ts'
import { createInstance, type Instance } from '../support/instance.ts'
import { isAlive, signal } from '../support/processes.ts'
import { waitFor } from '../support/wait-for.ts'

const SOON = 'restartDelay = "10ms"\nproc = 2\n'

/** Until the status says so. */
async function statusWhen(instance: Instance, what: string, holds: (status: Status) => boolean): Promise<Status> {
  return await waitFor(what, () => instance.status(), holds)
}

const allReady = ({ workers, store }: Status) => [...workers, store].every((child) => child.state === 'ready')

test('kill -9 of a worker: another takes its place, and the death is told', async (t) => {
  const instance = createInstance(t)
  instance.configure(SOON)
  await instance.start()
  const before = await instance.status()
  signal(before.workers[1]!.pid!, 'SIGKILL')
  const after = await statusWhen(
    instance,
    'a new worker 1',
    (status) => allReady(status) && status.workers[1]!.restarts > 0,
  )
  assert.deepEqual([after.workers[1]!.restarts, after.workers[1]!.lastExit, after.metrics.restarts], [1, 'SIGKILL', 1])
  assert.deepEqual([after.workers[0]!.pid, after.workers[0]!.restarts], [before.workers[0]!.pid, 0])
  assert.match(instance.log(), /child\.exited: worker 1 \(pid \d+\) ended: SIGKILL, not by us/)
})

test('kill -9 of the store: another takes its place, the workers stay', async (t) => {
  const instance = createInstance(t)
  instance.configure(SOON)
  await instance.start()
  const before = await instance.status()
  signal(before.store.pid!, 'SIGKILL')
  const after = await statusWhen(instance, 'a new store', (status) => allReady(status) && status.store.restarts > 0)
  assert.deepEqual(
    after.workers.map((worker) => worker.pid),
    before.workers.map((worker) => worker.pid),
  )
  const job = await instance.run(['job', 'add', '--wait', '--', '/bin/echo', 'hello'])
  assert.deepEqual([job.code, job.stdout], [0, 'hello\n'])
})

test('TERM to a worker alone drains it; another takes its place', async (t) => {
  const instance = createInstance(t)
  instance.configure(SOON)
  await instance.start()
  const { pid } = await instance.worker()
  signal(pid, 'SIGTERM')
  const after = await statusWhen(
    instance,
    'a new worker 0',
    (status) => allReady(status) && status.workers[0]!.pid !== pid,
  )
  assert.deepEqual([after.workers[0]!.restarts, after.workers[0]!.lastExit], [1, 'exit 0'])
})

test('a service that crashes again and again: longer and longer delays, then the slot has failed', async (t) => {
  const instance = createInstance(t)
  const crash = `if (fs.existsSync(home + '/crash') && slot === 1) setTimeout(() => process.exit(3), 20)`
  instance.serve(`start({ slot }) { ${crash} }`, `import fs from 'node:fs'`)
  instance.configure(`${SOON}restartLimit = 3\nfailedRetry = "1s"\n`)
  const pid = await instance.start()
  writeFileSync(instance.path('crash'), '')
  signal((await instance.worker(1)).pid, 'SIGKILL')
  await instance.logged(/slot\.failed/)
  const delays = [...instance.log().matchAll(/slot\.backoff: worker 1 is started again in (\d+) ms, death (\d)/g)]
  assert.deepEqual(
    delays.map(([, , death]) => death),
    ['1', '2'],
  )
  assert.match(instance.log(), /slot\.failed: worker 1 has failed after 3 deaths, tried again in 1\.0 s/)
  const { workers } = await instance.status()
  assert.deepEqual([workers[0]!.state, workers[0]!.restarts, workers[1]!.lastExit], ['ready', 0, 'exit 3'])
  rmSync(instance.path('crash'))
  await statusWhen(instance, 'the failed slot to be tried again', allReady)
  assert.ok(isAlive(pid))
})

test('a worker that ends with 78 is not started again before a reload', async (t) => {
  const instance = createInstance(t)
  instance.serve(
    `start({ slot }) { if (slot === 1 && fs.existsSync(home + '/wrong')) process.exit(78) }`,
    `import fs from 'node:fs'`,
  )
  instance.configure(`${SOON}stableTime = "10ms"\n`)
  await instance.start()
  writeFileSync(instance.path('wrong'), '')
  signal((await instance.worker(1)).pid, 'SIGKILL')
  await instance.logged(/slot\.failed: worker 1 has failed after \d deaths?, not tried again before a reload/)
  rmSync(instance.path('wrong'))
  assert.equal((await instance.run(['reload'])).code, 0)
  assert.ok(allReady(await instance.status()))
})

test('a job that kills its worker is buried after two deaths; it takes no other job with it', async (t) => {
  const instance = createInstance(t)
  instance.configure(SOON)
  await instance.start()
  const { stdout } = await instance.run([
    'job',
    'add',
    '--quiet',
    '--',
    '/bin/sh',
    '-c',
    'kill -9 $PPID; exec sleep 10',
  ])
  const others = Array.from({ length: 20 }, () => '{"command": ["/bin/sleep", "0.05"]}').join('\n')
  assert.equal((await instance.run(['job', 'add', '-'], { input: others })).code, 0)
  await instance.run(['job', 'wait', '--all'])
  const killer = JSON.parse((await instance.run(['job', 'show', stdout.trim(), '--json'])).stdout)
  assert.deepEqual([killer.state, killer.deaths, killer.attempt, killer.failures], ['buried', 2, 2, 0])
  const { states } = JSON.parse((await instance.run(['job', 'stats', '--json'])).stdout)
  assert.deepEqual([states.done, states.buried], [20, 1])
  assert.equal((await instance.status()).metrics.restarts, 2)
})
