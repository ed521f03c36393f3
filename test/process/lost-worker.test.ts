/** A job whose worker is killed runs again, and never beside what is left of its first run. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createInstance } from '../support/instance.ts'
import { signal } from '../support/processes.ts'
import { readRuns, recordingJob } from '../support/recorded-runs.ts'
import { waitFor } from '../support/wait-for.ts'

test('kill -9 of the worker: the second run begins when nothing of the first is left', async (t) => {
  const instance = createInstance(t)
  instance.configure('proc = 2\nrestartDelay = "10ms"\n')
  await instance.start()
  const { stdout } = await instance.run(['job', 'add', '--quiet', '-'], { input: recordingJob(instance, 2) })
  const id = Number(stdout)
  await waitFor('the first run', () => readRuns(instance, id).length === 1)
  const holder = (await instance.status()).workers.find((worker) => worker.inHand.includes(id))
  assert.ok(holder?.pid, 'no worker has the job in hand')
  signal(holder.pid, 'SIGKILL')
  assert.equal((await instance.run(['job', 'wait', String(id)])).code, 0)
  const runs = readRuns(instance, id)
  assert.deepEqual(
    runs.map((run) => [run.attempt, run.endedAt !== null]),
    [
      [1, false],
      [2, true],
    ],
  )
  assert.notEqual(runs[0]?.worker, runs[1]?.worker)
  const job = JSON.parse((await instance.run(['job', 'show', String(id), '--json'])).stdout)
  assert.deepEqual([job.state, job.deaths, job.failures, job.attempt], ['done', 1, 0, 2])
})
