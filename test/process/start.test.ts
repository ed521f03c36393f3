/** `--daemon`: what it prints, what it ends with, and that it never starts twice. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { cleanEnvironment } from '../support/clean-environment.ts'
import { createInstance, ended } from '../support/instance.ts'
import { theProgram } from '../support/program.ts'

test('stdout is the pid alone, the sentence goes to stderr, and it is ready', async (t) => {
  const instance = createInstance(t)
  const result = await instance.run(['--daemon', '--proc=2'])
  assert.equal(result.code, 0)
  assert.match(result.stdout, /^\d+\n$/)
  assert.equal(result.stderr, `myd: started (pid ${result.stdout.trim()}), 2 workers ready\n`)
  const status = await instance.status()
  assert.deepEqual([status.pid, status.state, status.proc], [Number(result.stdout), 'running', 2])
  assert.deepEqual(
    [...status.workers, status.store].map((child) => child.state),
    ['ready', 'ready', 'ready'],
  )
})

test('a second start says that it runs already, on stderr; --quiet says nothing', async (t) => {
  const instance = createInstance(t)
  const pid = await instance.start('--proc=1')
  const again = { code: 0, signal: null, stdout: '', stderr: `myd: already running (pid ${pid})\n` }
  assert.deepEqual(await instance.run(['start']), again)
  assert.deepEqual(await instance.run(['--daemon', '--quiet']), { ...again, stderr: '' })
})

test('the output of a start in a command substitution ends: nothing detached keeps the pipe', async (t) => {
  const instance = createInstance(t)
  const { file } = theProgram()
  const script = 'out=$("$@" 2>&1 >/dev/null) && printf %s "$out"'
  const words = [file, ...instance.words(['--daemon', '--proc=1'])]
  const shell = spawn('/bin/sh', ['-c', script, 'sh', ...words], { env: cleanEnvironment(instance.home) })
  const result = await ended(shell)
  assert.deepEqual([result.code, result.stderr], [0, ''])
  assert.match(result.stdout, /^myd: started \(pid \d+\), 1 workers? ready$/)
})

test('--daemon with --master is the same', async (t) => {
  const instance = createInstance(t)
  await instance.start('--master', '--proc=1')
  assert.equal((await instance.status()).proc, 1)
})

test('a service that cannot start fails the start: exit 1, its words, nothing left', async (t) => {
  const instance = createInstance(t)
  instance.serve(`async start() { throw new Error('no camera') }`)
  const result = await instance.run(['--daemon', '--proc=2'])
  assert.deepEqual([result.code, result.stdout], [1, ''])
  assert.match(result.stderr, /^myd: the start failed: .*no camera/m)
  instance.assertGone()
})

test('a service that ends with 78 fails the start with 78', async (t) => {
  const instance = createInstance(t)
  instance.serve('start() { process.exit(78) }')
  const result = await instance.run(['--daemon', '--proc=2'])
  assert.deepEqual([result.code, result.stdout], [78, ''])
  instance.assertGone()
})

test('a service whose check fails is not started', async (t) => {
  const instance = createInstance(t)
  instance.serve(`checks: { 'there is a camera': () => false }`)
  const result = await instance.run(['--daemon'])
  assert.deepEqual([result.code, result.stdout], [1, ''])
  assert.match(result.stderr, /there is a camera/)
})

test('a start that takes longer than startTimeout is ended', async (t) => {
  const instance = createInstance(t)
  instance.serve('start: () => new Promise((resolve) => setTimeout(resolve, 60_000))')
  const result = await instance.run(['--daemon', '--proc=1', '--set', 'startTimeout=1s', '--set', 'stopTimeout=200ms'])
  assert.deepEqual([result.code, result.stdout], [1, ''])
  assert.match(result.stderr, /startTimeout/)
  instance.assertGone()
})
