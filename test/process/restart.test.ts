/** `restart`: the flags of the instance that ran, and those that are typed now. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { createInstance, ended } from '../support/instance.ts'

test('a launch record that makes no sense: told, and what runs goes on', async (t) => {
  const instance = createInstance(t)
  const pid = await instance.start('--proc=1')
  for (const text of ['', 'garbage', '{}', '{"version":99}']) {
    writeFileSync(instance.path('myd.launch.json'), text)
    const result = await instance.run(['restart'])
    assert.deepEqual([result.code, result.stdout], [1, ''], result.stderr)
    assert.match(result.stderr, /launch\.json does not say how this instance was started/)
  }
  assert.equal((await instance.status()).pid, pid)
})

test('what would not run again is refused before anything is stopped', async (t) => {
  const instance = createInstance(t)
  instance.serve('start() {}')
  const pid = await instance.start('--proc=1')
  const wrongFlag = await instance.run(['restart', '--set', 'stopTimeout=soon'])
  assert.equal(wrongFlag.code, 64, wrongFlag.stderr)
  instance.configure('stopTimeout = "soon"\n')
  assert.equal((await instance.run(['restart'])).code, 78)
  instance.configure('')
  instance.serve('this is no service')
  const { code, stderr } = await instance.run(['restart'])
  assert.equal(code, 1, stderr)
  assert.match(stderr, /syntax error[\s\S]*myd: goes on as it was/)
  assert.equal((await instance.status()).pid, pid)
})

test('a relative path starts where it is typed now; the other flags stay', async (t) => {
  const instance = createInstance(t)
  await instance.start('--proc=2')
  const cwd = instance.path('elsewhere')
  mkdirSync(cwd)
  const result = await instance.run(['restart', '--set', 'logDirectory=logs'], { cwd })
  assert.equal(result.code, 0, result.stderr)
  assert.ok(existsSync(`${cwd}/logs/myd.log`))
  assert.equal((await instance.status()).proc, 2)
})

test('what ran in the foreground, and not by systemd, comes back detached', async (t) => {
  const instance = createInstance(t)
  const first = instance.spawn(['--master', '--proc=1'])
  const result = ended(first)
  await instance.logged(/daemon\.ready/)
  const restarted = await instance.run(['restart'])
  assert.equal(restarted.code, 0, restarted.stderr)
  assert.equal((await result).code, 0)
  assert.equal((await instance.status()).pid, Number(restarted.stdout))
})
