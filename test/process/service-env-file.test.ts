/** --env-file: variables for the workers and settings of ours, weaker than the environment of the caller. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { createInstance, type Instance } from '../support/instance.ts'

const NAMES = ['A', 'B', 'NODE_ENV', 'NODE_OPTIONS', 'LD_PRELOAD', 'MYD_PROC', 'NOTIFY_SOCKET', 'LISTEN_FDS']

/** Tells some variables in the log. */
function serveVariables(instance: Instance): void {
  const names = JSON.stringify(NAMES)
  instance.serve(`start({ log }) { log.info('given: ' + ${names}.map((name) => process.env[name]).join()) }`)
}

for (const flags of [['--proc=1'], ['--nofork']]) {
  test(`workers are given what it has, but not what is held back (${flags})`, async (t) => {
    const instance = createInstance(t)
    serveVariables(instance)
    const file = 'A=1\nB=2\nNODE_ENV=production\nNODE_OPTIONS=--no-such\nLD_PRELOAD=x\nMYD_STOP_TIMEOUT=7s\n'
    writeFileSync(instance.path('my.env'), file)
    const environment = { B: '3', NOTIFY_SOCKET: instance.path('none'), LISTEN_FDS: '1' }
    const result = await instance.run(['--daemon', ...flags, '--env-file=my.env'], { environment })
    assert.equal(result.code, 0, result.stderr)
    await instance.logged(/given: 1,3,production,,,,,(?=\s|$)/m)
  })
}

test('it is read again at each reload, and by a restart from elsewhere; a wrong one rejects the reload', async (t) => {
  const instance = createInstance(t)
  serveVariables(instance)
  const write = (text: string) => writeFileSync(instance.path('my.env'), text)
  write('A=1\nMYD_PROC=1\n')
  await instance.start('--env-file=my.env')
  await instance.logged(/given: 1,/)
  assert.equal((await instance.status()).proc, 1)
  write('A=2\nMYD_PROC=2\n')
  assert.equal((await instance.run(['reload'])).code, 0)
  await instance.logged(/given: 2,/)
  assert.equal((await instance.status()).proc, 2)
  write('A=3\nnonsense\n')
  const rejected = await instance.run(['reload'])
  assert.equal(rejected.code, 78)
  assert.match(rejected.stderr, /my\.env:2: this line gives no variable/)
  write('A=4\nMYD_PROC=1\n')
  assert.equal((await instance.run(['restart'], { cwd: '/' })).code, 0)
  await instance.logged(/given: 4,/)
})

test('one that cannot be read: 64', async (t) => {
  const instance = createInstance(t)
  const missing = await instance.run(['--daemon', '--env-file=no.env'])
  assert.equal(missing.code, 64)
  assert.match(missing.stderr, /no\.env: there is no such file of variables/)
  instance.assertGone()
})
