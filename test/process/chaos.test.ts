/**
 * kill -9 of worker, store and master at random moments while jobs flow. In the end every job is done once, or buried
 * with exactly two deaths of its own; what ran is counted from what the jobs wrote down themselves. The seed is
 * printed, SEED=n takes it again; SOAK=1 kills fifty times each.
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { JobView } from '../../src/job/wire.ts'
import { Chaos, type Victim } from '../support/chaos.ts'
import { createInstance, type Instance } from '../support/instance.ts'
import { listOwned, listZombies } from '../support/processes.ts'
import { createRandom, type Random } from '../support/random.ts'
import { type Run, readRuns } from '../support/recorded-runs.ts'
import { elapse, waitFor } from '../support/wait-for.ts'

const KILLS = process.env.SOAK === '1' ? 50 : 4
const SEED = Number(process.env.SEED ?? process.pid)
const LONGEST_PAUSE_MS = 400
/** Jobs are added faster than three workers run them: many kills leave many to be run. */
const LONGEST_WAIT_MS = 250_000
const SETTINGS = 'proc = 3\nrestartDelay = "10ms"\nrestartDelayMax = "50ms"\nrestartLimit = 1000\nstopTimeout = "5s"\n'

/** Each victim as often, in an order of chance. */
function drawVictims(random: Random): Victim[] {
  const left: Victim[] = (['worker', 'store', 'master'] as const).flatMap((victim) => Array(KILLS).fill(victim))
  return Array.from({ length: left.length }, () => left.splice(random.below(left.length), 1)[0]!)
}

async function listJobs(instance: Instance): Promise<JobView[]> {
  const result = await instance.run(['job', 'list', '--json', '--limit=1000000'])
  assert.equal(result.code, 0, result.stderr)
  return JSON.parse(result.stdout).jobs
}

/** The run's worker was killed while it held the job, or it is the one that succeeded. */
function assertExplained(job: JobView, runs: readonly Run[], chaos: Chaos): void {
  const words = `job ${job.id} ${job.state} deaths ${job.deaths}: ${JSON.stringify(runs)}`
  const killed = runs.filter((run) => chaos.killedAlone.has(run.worker) || chaos.killedWithMaster.has(run.worker))
  const again = job.state === 'done' ? runs.slice(0, -1) : runs
  for (const run of again) assert.ok(killed.includes(run), `a run that nobody’s death explains: ${words}`)
  assert.equal(job.failures, 0, words)
  if (job.state === 'done') {
    assert.notEqual(runs.at(-1)?.endedAt ?? null, null, `done, but its last run did not end: ${words}`)
    assert.equal(runs.at(-1)?.attempt, job.attempt, `another run than the last is recorded: ${words}`)
    return
  }
  assert.equal(job.state, 'buried', words)
  assert.equal(job.deaths, 2, words)
  assert.ok(runs.filter((run) => chaos.killedAlone.has(run.worker)).length <= 2, words)
}

/** @returns how many ran more than once, and their ids */
function assertEachJob(t: TestContext, instance: Instance, jobs: readonly JobView[], chaos: Chaos): void {
  const twice: number[] = []
  let runCount = 0
  for (const job of jobs) {
    const runs = readRuns(instance, job.id)
    assertExplained(job, runs, chaos)
    runCount += runs.length
    if (runs.length > 1) twice.push(job.id)
  }
  const buried = jobs.filter((job) => job.state === 'buried').map((job) => job.id)
  t.diagnostic(`${jobs.length} jobs, ${runCount} runs; more than once: ${twice.join(' ') || 'none'}`)
  t.diagnostic(`buried: ${buried.join(' ') || 'none'}; adds refused: ${chaos.refusals}`)
}

test(`${KILLS} kills each of worker, store and master (SEED=${SEED})`, async (t) => {
  const instance = createInstance(t)
  instance.configure(SETTINGS)
  await instance.start()
  const random = createRandom(SEED)
  const chaos = new Chaos(instance, random)
  const feeding = chaos.feed()
  for (const victim of drawVictims(random)) {
    await elapse(random.below(LONGEST_PAUSE_MS))
    await chaos.kill(victim)
  }
  chaos.stopFeeding()
  await feeding
  const waitForAll = async () => (await instance.run(['job', 'wait', '--all'])).code
  await waitFor('every job to be final', waitForAll, (code) => code === 0, LONGEST_WAIT_MS)
  const jobs = await listJobs(instance)
  const ids = new Set(jobs.map((job) => job.id))
  assert.deepEqual(
    chaos.answered.filter((id) => !ids.has(id)),
    [],
    'jobs that were answered are lost',
  )
  assertEachJob(t, instance, jobs, chaos)
  await assertNothingStale(instance)
})

/** No zombie, no process too many, no lease; a stop and a start find everything as it was. */
async function assertNothingStale(instance: Instance): Promise<void> {
  const { pid } = await instance.status()
  await waitFor(
    'the crew to be complete',
    () => listOwned(instance.home).length,
    (count) => count === 5,
  )
  assert.deepEqual(listZombies(pid), [])
  const before = (await instance.run(['job', 'stats', '--json'])).stdout
  const { states } = JSON.parse(before)
  assert.deepEqual([states.reserved, states.cancelling, states.ready, states.delayed], [0, 0, 0, 0])
  await instance.stop()
  instance.assertGone()
  await instance.start()
  assert.equal((await instance.run(['job', 'stats', '--json'])).stdout, before)
}
