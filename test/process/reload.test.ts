/** `reload` and HUP: new workers one by one, with the settings read again; what fails changes nothing. */
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Status } from '../../src/admin/control.ts'
import { createInstance, type Instance } from '../support/instance.ts'
import { listOwned, signal } from '../support/processes.ts'
import { waitFor } from '../support/wait-for.ts'

const QUICK = 'proc = 2\nstableTime = "10ms"\n'
const pidsOf = ({ workers }: Status) => workers.map((worker) => worker.pid)

function assertReplaced(before: Status, after: Status, generation: number): void {
  assert.deepEqual(
    after.workers.map((worker) => [worker.state, worker.generation]),
    after.workers.map(() => ['ready', generation]),
  )
  assert.equal(after.generation, generation)
  for (const pid of pidsOf(after)) assert.ok(!pidsOf(before).includes(pid), `worker ${pid} was not replaced`)
  assert.deepEqual([after.pid, after.store.pid], [before.pid, before.store.pid], 'more than the workers was replaced')
}

async function startQuick(instance: Instance): Promise<Status> {
  instance.configure(QUICK)
  await instance.start()
  return await instance.status()
}

test('reload: every worker is a new one when it returns', async (t) => {
  const instance = createInstance(t)
  const before = await startQuick(instance)
  const result = await instance.run(['reload'])
  assert.deepEqual([result.code, result.stdout], [0, ''])
  assert.equal(result.stderr, 'reloaded: 2 workers replaced (generation 2)\n')
  assertReplaced(before, await instance.status(), 2)
})

test('HUP does the same', async (t) => {
  const instance = createInstance(t)
  const before = await startQuick(instance)
  signal(before.pid, 'SIGHUP')
  await instance.logged(/reload\.done/)
  assertReplaced(before, await instance.status(), 2)
})

test('changed settings are taken, the number of workers among them', async (t) => {
  const instance = createInstance(t)
  await startQuick(instance)
  instance.configure(QUICK.replace('2', '3'))
  assert.equal((await instance.run(['reload'])).code, 0)
  const { proc, workers } = await instance.status()
  assert.deepEqual([proc, workers.map((worker) => worker.state)], [3, ['ready', 'ready', 'ready']])
})

test('flags that would have to change something: exit 64, and nothing is done', async (t) => {
  const instance = createInstance(t)
  await instance.start('--proc=1')
  const { code, stderr } = await instance.run(['reload', '--set', 'stopTimeout=3s'])
  assert.equal(code, 64)
  assert.match(stderr, /reload takes no settings, stopTimeout was given/)
  assert.equal((await instance.status()).generation, 1)
})

test('wrong settings: exit 78, file and line are told, nothing is changed', async (t) => {
  const instance = createInstance(t)
  const before = await startQuick(instance)
  instance.configure(`${QUICK}stopTimeout = "soon"\n`)
  const result = await instance.run(['reload'])
  assert.equal(result.code, 78)
  assert.match(result.stderr, /myd\.toml:3.*stopTimeout/s)
  const after = await instance.status()
  assert.deepEqual([pidsOf(after), after.generation, after.state], [pidsOf(before), 1, 'running'])
  assert.match(instance.log(), /reload\.rejected: /)
})

for (const [what, failure] of [
  ['throws', `throw new Error('no camera')`],
  ['ends', 'process.exit(3)'],
  ['ends soon after it was ready', 'setTimeout(() => process.exit(3), 50)'],
] as const) {
  test(`a service that ${what} in the new generation: exit 1, the old ones go on`, async (t) => {
    const instance = createInstance(t)
    instance.serve(`start() { if (fs.existsSync(home + '/broken')) ${failure} }`, `import fs from 'node:fs'`)
    instance.configure(QUICK.replace('10ms', '500ms'))
    await instance.start()
    const before = await instance.status()
    writeFileSync(instance.path('broken'), '')
    const result = await instance.run(['reload'])
    assert.deepEqual([result.code, result.stdout], [1, ''], result.stderr)
    assert.match(result.stderr, /^myd: reload rejected: /)
    const after = await instance.status()
    assert.deepEqual([pidsOf(after), after.state], [pidsOf(before), 'running'])
    assert.deepEqual(listOwned(instance.home).length, 4, 'a worker of the new generation is left')
    rmSync(instance.path('broken'))
    assert.equal((await instance.run(['reload'])).code, 0)
  })
}

test('a hundred HUPs are one reload and one more; two verbs at once both get an outcome', async (t) => {
  const instance = createInstance(t)
  const before = await startQuick(instance)
  for (let i = 0; i < 100; i++) signal(before.pid, 'SIGHUP')
  const results = await Promise.all([1, 2].map(() => instance.run(['reload'])))
  assert.deepEqual(
    results.map((result) => result.code),
    [0, 0],
  )
  const after = await waitFor(
    'the reloads to end',
    () => instance.status(),
    (status) => status.state === 'running',
  )
  assert.ok(after.generation >= 2 && after.generation <= 5, `generation ${after.generation}`)
  assertReplaced(before, after, after.generation)
  assert.equal(listOwned(instance.home).length, 4)
})

test('a stop during a reload ends everything; the reload says why it did not happen', async (t) => {
  const instance = createInstance(t)
  instance.configure(QUICK.replace('10ms', '30s'))
  await instance.start()
  const reload = instance.run(['reload'])
  await instance.logged(/reload\.started/)
  await instance.stop()
  assert.equal((await reload).code, 1)
  instance.assertGone()
})

test('reload with no daemon: 69', async (t) => {
  const result = await createInstance(t).run(['reload'])
  assert.deepEqual([result.code, result.stdout], [69, ''])
  assert.match(result.stderr, /^myd: myd is not running\n/)
})
