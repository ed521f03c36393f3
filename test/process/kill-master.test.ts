/** kill -9 of the master: everything of it ends by itself within a second, and the next start finds a clean place. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPidfile } from '../../src/system/pidfile.ts'
import { createInstance, type Instance } from '../support/instance.ts'
import { isAlive, listOwned, readCommandLine, signal } from '../support/processes.ts'
import { waitFor } from '../support/wait-for.ts'

const SOON_MS = 1000

async function killMaster(pid: number): Promise<void> {
  signal(pid, 'SIGKILL')
  await waitFor('the master to be dead', () => !isAlive(pid))
}

/** The next start works and stops; after that nothing is left. */
async function assertStartsAgain(instance: Instance): Promise<void> {
  await instance.start('--proc=2')
  await instance.stop()
  instance.assertGone()
}

test('workers and store end with it; what it left is told as dead, and started over', async (t) => {
  const instance = createInstance(t)
  const pid = await instance.start('--proc=2')
  await killMaster(pid)
  await instance.awaitNoProcess(SOON_MS)
  assert.equal(readPidfile(instance.path('myd.pid')), pid)
  const status = await instance.run(['status'])
  assert.deepEqual([status.code, status.stdout], [1, `myd is dead, its pidfile was left behind (pid ${pid})\n`])
  const stop = await instance.run(['stop'])
  assert.equal(stop.code, 0, stop.stderr)
  await assertStartsAgain(instance)
})

test('a worker whose loop is blocked ends too', async (t) => {
  const instance = createInstance(t)
  instance.serve('start() { setTimeout(() => { for (;;); }, 10) }')
  const pid = await instance.start('--proc=2')
  await killMaster(pid)
  await instance.awaitNoProcess(SOON_MS)
  instance.serve('')
  await assertStartsAgain(instance)
})

test('a store and a worker that are stopped (SIGSTOP) end too', async (t) => {
  const instance = createInstance(t)
  const pid = await instance.start('--proc=1')
  const { workers, store } = await instance.status()
  for (const child of [...workers, store]) signal(child.pid!, 'SIGSTOP')
  await killMaster(pid)
  await instance.awaitNoProcess(SOON_MS)
  await assertStartsAgain(instance)
})

/** Pids of the processes of the test whose first words these are. */
async function awaitCommand(instance: Instance, words: string): Promise<number> {
  return await waitFor(`${words} to run`, () =>
    listOwned(instance.home).find((pid) => readCommandLine(pid).join(' ') === words),
  )
}

test('the command of a job ends with it', async (t) => {
  const instance = createInstance(t)
  instance.configure('stopTimeout = "300ms"\n"jobs.killDelay" = "100ms"')
  const pid = await instance.start('--proc=1')
  await instance.run(['job', 'add', '--', '/bin/sleep', '1000'])
  await awaitCommand(instance, '/bin/sleep 1000')
  await killMaster(pid)
  await instance.awaitNoProcess(SOON_MS)
  await assertStartsAgain(instance)
})

test('what a command started in turn is ended by the next start, before the job runs again', async (t) => {
  const instance = createInstance(t)
  const pid = await instance.start('--proc=1')
  await instance.run(['job', 'add', '--', '/bin/sh', '-c', '(/bin/sleep 1001 & wait) & wait'])
  const command = await awaitCommand(instance, '/bin/sleep 1001')
  await killMaster(pid)
  await instance.start('--proc=1')
  assert.equal(isAlive(command), false, 'two runs of the job overlap')
  assert.match(instance.log(), new RegExp(`leftovers\\.ended: .*\\b${command}\\b`))
  await awaitCommand(instance, '/bin/sleep 1001')
  const job = JSON.parse((await instance.run(['job', 'show', '1', '--json'])).stdout)
  assert.deepEqual([job.state, job.deaths, job.attempt], ['reserved', 0, 2], 'it was charged for the master')
  await instance.run(['job', 'cancel', '1'])
  await instance.stop()
  instance.assertGone()
})
