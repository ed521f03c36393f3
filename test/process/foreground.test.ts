/** `--master`: in the foreground, for systemd, containers and terminals. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { test } from 'node:test'
import { readStat } from '../../src/system/proc.ts'
import { cleanEnvironment } from '../support/clean-environment.ts'
import { createInstance, ended, type Instance } from '../support/instance.ts'
import { listOwned, signal } from '../support/processes.ts'
import { theProgram } from '../support/program.ts'

test('the log is on stderr and in the file; INT stops it with exit 0', async (t) => {
  const instance = createInstance(t)
  const child = instance.spawn(['--master', '--proc=2'])
  const result = ended(child)
  await instance.logged(/daemon\.ready/)
  const status = await instance.status()
  assert.deepEqual([status.pid, status.workers.length], [child.pid, 2])
  child.kill('SIGINT')
  const { code, stdout, stderr } = await result
  assert.deepEqual([code, stdout], [0, ''])
  for (const event of ['daemon.ready', 'daemon.stopped']) assert.ok(stderr.includes(event), stderr)
  assert.equal(instance.log(), stderr)
  instance.assertGone()
})

/** script(1) gives it a terminal of its own; what is written to its stdin is typed there. */
function startOnTerminal(instance: Instance): ChildProcess {
  const words = [theProgram().file, ...instance.words(['--master', '--proc=1'])]
  const command = `exec ${words.map((word) => `'${word}'`).join(' ')}`
  const env = { ...cleanEnvironment(instance.home), SHELL: '/bin/sh' }
  return spawn('/usr/bin/script', ['-qefc', command, '/dev/null'], { env })
}

test('Ctrl-C on the terminal reaches the master only, which lets the workers finish', async (t) => {
  const instance = createInstance(t)
  instance.serve(`start: () => ({ stop: () => console.log('in order') })`)
  const terminal = startOnTerminal(instance)
  const result = ended(terminal)
  await instance.logged(/daemon\.ready/)
  const { pid, workers } = await instance.status()
  assert.notEqual(readStat(pid)?.tty, 0, 'it has no terminal')
  assert.equal(readStat(workers[0]!.pid!)?.tty, 0, 'the worker has the terminal')
  terminal.stdin?.write('\u0003')
  const { code, stdout } = await result
  assert.equal(code, 0, stdout)
  assert.match(instance.log(), /signal\.received: received SIGINT/)
  assert.match(instance.log(), /stdout: in order/)
  instance.assertGone()
})

test('the terminal goes away: HUP is a stop, not a reload', async (t) => {
  const instance = createInstance(t)
  const terminal = startOnTerminal(instance)
  const result = ended(terminal)
  await instance.logged(/daemon\.ready/)
  signal((await instance.status()).pid, 'SIGHUP')
  await result
  assert.match(instance.log(), /daemon\.stopping: .*terminal/)
  instance.assertGone()
})

test('a second start says that it runs already; a reader of stderr that goes does not end it', async (t) => {
  const instance = createInstance(t)
  const child = instance.spawn(['--master', '--proc=1'])
  const result = ended(child)
  await instance.logged(/daemon\.ready/)
  const again = await instance.run(['--master'])
  assert.deepEqual([again.code, again.stderr], [0, `myd: already running (pid ${child.pid})\n`])
  child.stderr?.destroy()
  signal(child.pid!, 'SIGUSR1')
  await instance.logged(/log\.reopened/)
  assert.equal((await instance.status()).state, 'running')
  await instance.stop()
  assert.equal((await result).code, 0)
})

test('a start that fails ends with its code and leaves nothing', async (t) => {
  const instance = createInstance(t)
  instance.serve('start() { process.exit(78) }')
  const result = await instance.run(['--master', '--proc=1'])
  assert.deepEqual([result.code, result.stdout], [78, ''])
  assert.deepEqual(listOwned(instance.home), [])
  instance.assertGone()
})

test('a reader of stderr that does not read keeps neither memory nor the process', async (t) => {
  const instance = createInstance(t)
  instance.serve(`start() { for (let line = 0; line < 2000; line += 1) console.log('x'.repeat(1000)) }`)
  const child = instance.spawn(['--master', '--proc=1'])
  const exited = new Promise((resolve) => child.once('exit', (code) => resolve(code)))
  await instance.logged(/daemon\.ready/)
  await instance.stop()
  assert.equal(await exited, 0, instance.log().slice(-800))
  instance.assertGone()
})
