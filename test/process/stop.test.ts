/** `stop` returns when all is gone, whatever the daemon is doing when it is told. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { monotonicMs } from '../../src/clock.ts'
import { readPidfile } from '../../src/system/pidfile.ts'
import { createInstance, ended } from '../support/instance.ts'
import { isAlive, signal } from '../support/processes.ts'
import { waitFor } from '../support/wait-for.ts'

/** A worker that takes its time to stop, and tells that it did. */
const SLOW_STOP = `start: () => ({
  async stop() {
    await new Promise((resolve) => setTimeout(resolve, 300))
    fs.appendFileSync(home + '/stopped', 'stopped\\n')
  }
})`
/** A worker that never ends by itself. */
const NO_STOP = 'start: () => ({ stop: () => new Promise(() => setInterval(() => {}, 1000)) })'
const IMPORT_FS = `import fs from 'node:fs'`

test('when stop returns, everything has ended in order and nothing is left', async (t) => {
  const instance = createInstance(t)
  instance.serve(SLOW_STOP, IMPORT_FS)
  const pid = await instance.start('--proc=2')
  const result = await instance.run(['stop'])
  assert.deepEqual([result.code, result.stdout, result.stderr], [0, '', `myd: stopped (pid ${pid})\n`])
  instance.assertGone()
  assert.equal(readFileSync(instance.path('stopped'), 'utf8'), 'stopped\nstopped\n')
})

test('stopping what does not run is fine', async (t) => {
  const instance = createInstance(t)
  const never = await instance.run(['stop'])
  assert.deepEqual([never.code, never.stdout, never.stderr], [0, '', 'myd: is not running\n'])
  assert.equal((await instance.run(['stop', '--quiet'])).stderr, '')
})

test('six stops at once all return when all is gone; none of them is an order to hurry', async (t) => {
  const instance = createInstance(t)
  instance.serve(SLOW_STOP, IMPORT_FS)
  await instance.start('--proc=1')
  const results = await Promise.all([1, 2, 3, 4, 5, 6].map(() => instance.run(['stop'])))
  assert.deepEqual(
    results.map((result) => result.code),
    [0, 0, 0, 0, 0, 0],
  )
  instance.assertGone()
  assert.equal(readFileSync(instance.path('stopped'), 'utf8'), 'stopped\n')
})

test('a stop during the start ends the start, which says so', async (t) => {
  const instance = createInstance(t)
  instance.serve('start: () => new Promise((resolve) => setTimeout(resolve, 60_000))')
  const start = ended(instance.spawn(['--daemon', '--proc=2']))
  await waitFor('the daemon to be starting', () => readPidfile(instance.path('myd.pid')))
  assert.equal((await instance.run(['stop'])).code, 0)
  const result = await start
  assert.deepEqual([result.code, result.stdout], [1, ''])
  assert.match(result.stderr, /stopped during the start/)
  instance.assertGone()
})

test('a worker that does not end is killed after stopTimeout', async (t) => {
  const instance = createInstance(t)
  instance.serve(NO_STOP)
  await instance.start('--proc=1', '--set', 'stopTimeout=300ms')
  await instance.stop()
  instance.assertGone()
  assert.match(instance.log(), /child\.killed: worker 0 /)
})

for (const [what, signals] of [
  ['a second TERM', ['SIGTERM', 'SIGTERM']],
  ['INT after TERM', ['SIGTERM', 'SIGINT']],
  ['QUIT', ['SIGQUIT']],
] as const) {
  test(`${what} ends everything at once`, async (t) => {
    const instance = createInstance(t)
    instance.serve(NO_STOP)
    const pid = await instance.start('--proc=2')
    for (const [index, name] of signals.entries()) {
      signal(pid, name)
      if (index === 0 && signals.length > 1) await instance.logged(/daemon\.stopping/)
    }
    const before = monotonicMs()
    await waitFor('the master to end', () => !isAlive(pid), Boolean, 3000)
    assert.ok(monotonicMs() - before < 3000)
    instance.assertGone()
  })
}

test('status and a start while it stops: it is stopping, and the start waits for its end', async (t) => {
  const instance = createInstance(t)
  instance.serve(SLOW_STOP, IMPORT_FS)
  const pid = await instance.start('--proc=1')
  const stop = instance.run(['stop'])
  await instance.logged(/daemon\.stopping/)
  const next = await instance.run(['--daemon', '--proc=1'])
  assert.equal((await stop).code, 0)
  assert.equal(next.code, 0, next.stderr)
  assert.notEqual(Number(next.stdout), pid)
})
