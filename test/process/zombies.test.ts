/** No zombie, ever, and no orphan of a job: what a command leaves behind is ended and reaped. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readStat } from '../../src/system/proc.ts'
import { createInstance } from '../support/instance.ts'
import { listOwned, listZombies, signal } from '../support/processes.ts'
import { waitFor } from '../support/wait-for.ts'

/** Leaves a child in its group, one in a session of its own, and one whose parent ends at once. */
const MESSY = 'sleep 1002 & setsid sleep 1003 & (sh -c "sleep 0.01" & sleep 0.02) & (true &) ; exit 0'

test('jobs that leave orphans leave no zombie, and none of the group', async (t) => {
  const instance = createInstance(t)
  const pid = await instance.start('--proc=2')
  for (let i = 0; i < 4; i++) {
    assert.equal((await instance.run(['job', 'add', '--wait', '--', 'sh', '-c', MESSY])).code, 0)
  }
  await waitFor(
    'the zombies to be reaped',
    () => listZombies(pid),
    (zombies) => zombies.length === 0,
    2000,
  )
  const left = listOwned(instance.home).filter((one) => readStat(one)?.comm === 'sleep')
  const inGroups = left.filter((one) => readStat(one)?.group !== one)
  assert.deepEqual(inGroups, [], 'processes of the groups of ended jobs are left')
  await instance.stop()
  instance.assertGone()
})

test('the worker dies with such a job: all of it is ended and reaped by the master', async (t) => {
  const instance = createInstance(t)
  instance.configure('restartDelay = "10ms"\nproc = 1\n"jobs.attempts" = 1\n')
  const pid = await instance.start()
  await instance.run(['job', 'add', '--', 'sh', '-c', `(${MESSY}); sleep 1004`])
  const sleepers = () => listOwned(instance.home).filter((one) => readStat(one)?.comm === 'sleep')
  await waitFor('the command to run', sleepers, (pids) => pids.length >= 2)
  const before = sleepers()
  signal((await instance.worker()).pid, 'SIGKILL')
  await instance.logged(/commands\.ended: /)
  await waitFor(
    'the zombies to be reaped',
    () => listZombies(pid),
    (zombies) => zombies.length === 0,
    2000,
  )
  for (const one of before) assert.equal(readStat(one), null, `${one} is left`)
  await waitFor('the second run', sleepers, (pids) => pids.length > 0)
  await instance.run(['job', 'cancel', '1'])
  await instance.stop()
  instance.assertGone()
})
