/** Thirty starts at once: one does the work, the others wait for its outcome and say the same. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { createInstance, type Ended, type Instance } from '../support/instance.ts'

const STARTS = 30

function startMany(instance: Instance): Promise<Ended[]> {
  return Promise.all(Array.from({ length: STARTS }, () => instance.run(['--daemon', '--proc=1'])))
}

/** How often each text comes. */
function count(texts: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const text of texts) counts[text] = (counts[text] ?? 0) + 1
  return counts
}

test('one daemon; twenty-nine say “already running” with its pid; all end with 0', async (t) => {
  const instance = createInstance(t)
  const results = await startMany(instance)
  assert.deepEqual(
    results.map((result) => result.code),
    results.map(() => 0),
    JSON.stringify(count(results.map((result) => result.stderr))),
  )
  const { pid } = await instance.status()
  assert.deepEqual(count(results.map((result) => result.stderr)), {
    [`myd: started (pid ${pid}), 1 worker ready\n`]: 1,
    [`myd: already running (pid ${pid})\n`]: STARTS - 1,
  })
  assert.deepEqual(count(results.map((result) => result.stdout)), { [`${pid}\n`]: 1, '': STARTS - 1 })
})

/** All say that they failed, with one code that is not 0. */
async function assertAllFail(instance: Instance, code: number): Promise<void> {
  const results = await startMany(instance)
  assert.deepEqual(count(results.map((result) => String(result.code))), { [code]: STARTS })
  assert.deepEqual(count(results.map((result) => result.stdout)), { '': STARTS })
  for (const result of results) assert.match(result.stderr, /^myd: the start/m)
  instance.assertGone()
}

test('when the service cannot start, nobody reports success and nothing is left', async (t) => {
  const instance = createInstance(t)
  instance.serve(`async start() { throw new Error('no camera') }`)
  await assertAllFail(instance, 1)
})

test('when the service says that its settings are wrong, all end with 78', async (t) => {
  const instance = createInstance(t)
  instance.serve('start() { process.exit(78) }')
  await assertAllFail(instance, 78)
})

test('when the job database is no database, nobody reports success and nothing is left', async (t) => {
  const instance = createInstance(t)
  mkdirSync(instance.path('state'), { mode: 0o750 })
  writeFileSync(instance.path('state/jobs.db'), 'garbage'.repeat(1000), { mode: 0o600 })
  await assertAllFail(instance, 1)
})
