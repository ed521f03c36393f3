/** `--nofork`: one process does all, in the foreground or detached; what needs more processes says that it cannot. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { test } from 'node:test'
import { createInstance, ended, type Instance } from '../support/instance.ts'
import { listOwned, signal } from '../support/processes.ts'
import { waitFor } from '../support/wait-for.ts'

test('detached: status, a job and stop, all in one process', async (t) => {
  const instance = createInstance(t)
  const pid = await instance.start('--nofork')
  assert.deepEqual(listOwned(instance.home), [pid])
  const status = await instance.status()
  assert.deepEqual([status.pid, status.state, status.proc, status.workers.length], [pid, 'running', 1, 1])
  const job = await instance.run(['job', 'add', '--wait', '--', '/bin/echo', 'hello'])
  assert.deepEqual([job.code, job.stdout], [0, 'hello\n'])
  assert.equal((await instance.status()).metrics.jobsDone, 1)
  await instance.stop()
  instance.assertGone()
})

test('in the foreground: the log on stderr, INT stops it with exit 0', async (t) => {
  const instance = createInstance(t)
  const child = instance.spawn(['--nofork'])
  const result = ended(child)
  await instance.logged(/daemon\.ready/)
  assert.deepEqual(listOwned(instance.home), [child.pid])
  child.kill('SIGINT')
  const { code, stdout, stderr } = await result
  assert.deepEqual([code, stdout], [0, ''])
  assert.match(stderr, /daemon\.ready/)
  assert.match(stderr, /daemon\.stopped/)
  instance.assertGone()
})

test('reload and scale: 64 and the reason', async (t) => {
  const instance = createInstance(t)
  await instance.start('--nofork')
  for (const args of [['scale', '2'], ['reload']]) {
    const result = await instance.run(args)
    assert.deepEqual([result.code, result.stdout], [64, ''], args.join(' '))
    assert.match(result.stderr, /single process \(--nofork\)/)
  }
})

test('a service that cannot start: exit 1, its words, nothing left; detached too', async (t) => {
  const instance = createInstance(t)
  instance.serve(`async start() { throw new Error('no camera') }`)
  for (const args of [['--nofork'], ['--nofork', '--daemon']]) {
    const result = await instance.run(args)
    assert.deepEqual([result.code, result.stdout], [1, ''], args.join(' '))
    assert.match(result.stderr, /no camera/)
    instance.assertGone()
  }
})

test('kill -9: the next start works, the job that was running runs again', async (t) => {
  const instance = createInstance(t)
  instance.configure('stopTimeout = "300ms"\n"jobs.killDelay" = "100ms"\n')
  const pid = await instance.start('--nofork')
  const script = `test -e ${instance.path('ran')} || { : >${instance.path('ran')}; exec /bin/sleep 1000; }`
  const { stdout } = await instance.run(['job', 'add', '--', '/bin/sh', '-c', script])
  await waitFor('the job to run', () => existsSync(instance.path('ran')))
  signal(pid, 'SIGKILL')
  await instance.start('--nofork')
  assert.equal((await instance.run(['job', 'wait', stdout.trim()])).code, 0)
  assert.deepEqual(listOwned(instance.home).length, 1)
})

async function inForeground(instance: Instance) {
  const child = instance.spawn(['--nofork'])
  return { child, result: ended(child) }
}

const mark = (instance: Instance, name: string) => `writeFileSync(${JSON.stringify(instance.path(name))}, '')`
const FILES = `import { writeFileSync } from 'node:fs'`

test('TERM during the start: exit 1, told once, nothing left', async (t) => {
  const instance = createInstance(t)
  instance.serve(`start() { ${mark(instance, 'starting')}; return new Promise(() => {}) }`, FILES)
  const { child, result } = await inForeground(instance)
  await waitFor('the service to start', () => existsSync(instance.path('starting')))
  child.kill('SIGTERM')
  const { code, stderr } = await result
  assert.equal(code, 1, stderr)
  assert.match(stderr, /stopped during the start: SIGTERM/)
  assert.doesNotMatch(stderr, /a bug/)
  assert.equal(stderr.match(/daemon\.stopped/g)?.length, 1)
  instance.assertGone()
})

test('a stop of the service that fails: told, and everything else is stopped', async (t) => {
  const instance = createInstance(t)
  instance.serve(`start: () => ({ async stop() { throw new Error('it is stuck') } })`)
  await instance.start('--nofork')
  await instance.stop()
  assert.match(instance.log(), /it is stuck/)
  assert.match(instance.log(), /daemon\.stopped/)
  instance.assertGone()
})

test('a stop of the service that hangs: ended after stopTimeout', async (t) => {
  const instance = createInstance(t)
  instance.configure('stopTimeout = "500ms"\n')
  instance.serve(`start: () => ({ stop: () => new Promise(() => {}) })`)
  await instance.start('--nofork')
  await instance.stop()
  instance.assertGone()
})

for (const signals of [['SIGTERM', 'SIGTERM'], ['SIGINT', 'SIGQUIT'], ['SIGQUIT']] as const) {
  test(`${signals.join(', then ')}: at once; the job in hand runs again`, async (t) => {
    const instance = createInstance(t)
    const { child, result } = await inForeground(instance)
    await instance.logged(/daemon\.ready/)
    const script = `test -e ${instance.path('ran')} || { : >${instance.path('ran')}; trap '' TERM; exec /bin/sleep 1000; }`
    const { stdout } = await instance.run(['job', 'add', '--', '/bin/sh', '-c', script])
    await waitFor('the job to run', () => existsSync(instance.path('ran')))
    for (const name of signals) {
      child.kill(name)
      await instance.logged(new RegExp(`received ${name}`))
    }
    assert.equal((await result).code, 0)
    instance.assertGone()
    await instance.start('--nofork')
    assert.equal((await instance.run(['job', 'wait', stdout.trim()])).code, 0)
  })
}

test('a log that cannot be opened again: told, and it goes on', async (t) => {
  const instance = createInstance(t)
  instance.configure(`logDirectory = ${JSON.stringify(instance.path('log'))}\n`)
  const { child, result } = await inForeground(instance)
  const log = instance.path('log/myd.log')
  await waitFor('it to be ready', async () => existsSync(log) && /daemon\.ready/.test(readFileSync(log, 'utf8')))
  renameSync(log, instance.path('log/old'))
  mkdirSync(log)
  child.kill('SIGUSR1')
  await waitFor('it to be told', () => /log\.reopen-failed/.test(readFileSync(instance.path('log/old'), 'utf8')))
  assert.equal((await instance.status()).state, 'running')
  await instance.stop()
  assert.equal((await result).code, 0)
})
