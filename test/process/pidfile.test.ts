/** What lies in the place of the pidfile or the lock is never trusted: a start works, or says what is in its way. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { linkSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { createInstance, ended, type Instance } from '../support/instance.ts'
import { isAlive } from '../support/processes.ts'

async function assertStarts(instance: Instance): Promise<void> {
  const pid = await instance.start('--proc=1')
  assert.equal(readFileSync(instance.path('myd.pid'), 'utf8'), `${pid}\n`)
  await instance.stop()
  instance.assertGone()
}

for (const [what, text] of [
  ['garbage', '\u0000\u0001garbage'],
  ['nothing', ''],
  ['a negative pid', '-1\n'],
  ['the pid of nobody', '999999999\n'],
  ['a whole book', 'x'.repeat(1_000_000)],
] as const) {
  test(`a pidfile with ${what} in it is dead, and in nobody’s way`, async (t) => {
    const instance = createInstance(t)
    writeFileSync(instance.path('myd.pid'), text)
    assert.equal((await instance.run(['status'])).code, 1)
    const check = await instance.run(['--check'])
    assert.equal(check.code, 0, check.stdout)
    await assertStarts(instance)
  })
}

test('a pidfile with the pid of another process: stop does not signal it', async (t) => {
  const instance = createInstance(t)
  const other = spawn('sleep', ['60'])
  t.after(() => other.kill())
  const end = ended(other)
  writeFileSync(instance.path('myd.pid'), `${other.pid}\n`)
  assert.equal((await instance.run(['status'])).code, 1)
  assert.equal((await instance.run(['stop'])).code, 0)
  assert.ok(isAlive(other.pid!))
  await assertStarts(instance)
  assert.ok(isAlive(other.pid!))
  other.kill()
  await end
})

test('a directory in the place of the pidfile: told before anything starts', async (t) => {
  const instance = createInstance(t)
  mkdirSync(instance.path('myd.pid'))
  const result = await instance.run(['--daemon', '--proc=1'])
  assert.deepEqual([result.code, result.stdout], [1, ''])
  assert.match(result.stderr, /myd\.pid is not a plain file/)
  assert.equal((await instance.run(['--check'])).code, 1)
  assert.equal((await instance.run(['status'])).code, 4)
  rmSync(instance.path('myd.pid'), { recursive: true })
  instance.assertGone()
})

test('a symbolic link in the place of the pidfile is replaced, not followed', async (t) => {
  const instance = createInstance(t)
  writeFileSync(instance.path('precious'), 'precious')
  symlinkSync(instance.path('precious'), instance.path('myd.pid'))
  await assertStarts(instance)
  assert.equal(readFileSync(instance.path('precious'), 'utf8'), 'precious')
})

test('a lock file of a dead instance, or with garbage in it, is in nobody’s way', async (t) => {
  const instance = createInstance(t)
  const holder = { pid: 999999999, startTime: 1 }
  const record = { state: 'running', holder, boot: 'another', build: 'x', exit: 0, reason: null }
  for (const text of [`${JSON.stringify(record)}\n`, 'garbage\n', '{"state":', '']) {
    writeFileSync(instance.path('myd.lock'), text)
    assert.equal((await instance.run(['status'])).code, 3)
    await assertStarts(instance)
  }
})

test('a lock that is no plain file of ours is refused, and says so', async (t) => {
  const instance = createInstance(t)
  writeFileSync(instance.path('precious'), 'precious')
  const makers = [symlinkSync, linkSync, (_: string, path: string) => mkdirSync(path)]
  for (const make of makers) {
    make(instance.path('precious'), instance.path('myd.lock'))
    const result = await instance.run(['--daemon', '--proc=1'])
    assert.notEqual(result.code, 0)
    assert.notEqual(result.code, 70, result.stderr)
    assert.match(result.stderr, /myd\.lock/)
    rmSync(instance.path('myd.lock'), { recursive: true })
  }
  assert.equal(readFileSync(instance.path('precious'), 'utf8'), 'precious')
})
