/**
 * A start that is interrupted leaves nothing running, whoever of launcher, intermediate and master is killed, and
 * whenever: or the daemon was ready before, and runs whole.
 */
import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { suite, type TestContext, test } from 'node:test'
import { createInstance, ended, type Instance } from '../support/instance.ts'
import { findRole, signal } from '../support/processes.ts'
import { elapse, waitFor } from '../support/wait-for.ts'

/** The start takes this long, so that it is hit on the way. */
const SERVICE = 'start: () => new Promise((resolve) => setTimeout(resolve, 1000))'
/** From before its first line of code to when the workers boot. */
const MOMENTS_MS = [5, 30, 70, 120, 200, 300, 420, 550]
/** Each start has its own home, and mostly waits. */
const CONCURRENCY = 4
/** Long before the intermediate would kill a daemon that does not go (10 s). */
const SOON_MS = 6000

/** After an interrupted start: nothing runs, and the next one works. */
async function assertCancelled(instance: Instance): Promise<void> {
  await instance.awaitNoProcess(SOON_MS)
  instance.serve('')
  await instance.start('--proc=1')
  await instance.stop()
  instance.assertGone()
}

async function interrupt(t: TestContext, name: NodeJS.Signals, afterMs: number): Promise<void> {
  const instance = createInstance(t)
  instance.serve(SERVICE)
  const launcher = instance.spawn(['--daemon', '--proc=2'])
  const result = ended(launcher)
  await elapse(afterMs)
  launcher.kill(name)
  const { code, signal: by, stdout, stderr } = await result
  assert.equal(stdout, '', 'it was ready before it was hit')
  const isToldByShell = code === 128 + constants.signals[name]
  assert.ok(by === name || isToldByShell, `it ended with ${code ?? by}: ${stderr}`)
  await assertCancelled(instance)
}

suite('the launcher is told to end, or killed', { concurrency: CONCURRENCY }, () => {
  for (const name of ['SIGKILL', 'SIGTERM', 'SIGINT'] as const) {
    for (const afterMs of MOMENTS_MS) {
      test(`${name} to the launcher after ${afterMs} ms`, (t) => interrupt(t, name, afterMs))
    }
  }
})

for (const role of ['intermediate', 'master', 'worker', 'store'] as const) {
  test(`kill -9 of the ${role} during the start`, async (t) => {
    const instance = createInstance(t)
    instance.serve(SERVICE)
    const result = ended(instance.spawn(['--daemon', '--proc=1']))
    const pid = await waitFor(`the ${role}`, () => findRole(instance.home, role))
    signal(pid, 'SIGKILL')
    const { code, stdout } = await result
    assert.deepEqual([code, stdout], [1, ''])
    await assertCancelled(instance)
  })
}

test('a launcher that is killed when all is ready, but before it said so, has not started anything', async (t) => {
  const instance = createInstance(t)
  const launcher = instance.spawn(['--daemon', '--proc=1'])
  const result = ended(launcher)
  await waitFor('the master', () => findRole(instance.home, 'master'))
  launcher.kill('SIGSTOP')
  await instance.logged(/daemon\.ready/)
  launcher.kill('SIGKILL')
  assert.equal((await result).signal, 'SIGKILL')
  await assertCancelled(instance)
})
