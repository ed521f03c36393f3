import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Job, JobResult } from '../service/define-service.ts'
import type { JobHandler } from '../service/job-handler.ts'
import { RunEnd, runJob } from './run-job.ts'

const JOB: Job = {
  ...{ id: 7, type: 'noop', payload: '', command: [], attempt: 2, key: null, directory: '/', umask: 0, timeoutMs: 0 },
}
const SILENT = () => {}
const CONTEXT = { log: { debug: SILENT, info: SILENT, warning: SILENT, error: SILENT }, ownGroup: SILENT }

const run = (handler: JobHandler | undefined, job = JOB, controller = new AbortController()) =>
  runJob(job, handler, CONTEXT, controller)
const result = (exitCode: number | null, signal: string | null = null): JobResult => ({ exitCode, signal, output: 'o' })
const untilAborted: JobHandler = (_, { signal }) =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(result(0))))

test('a handler that returns nothing, or exit 0, has succeeded', async () => {
  assert.deepEqual(
    { ...(await run(async () => {})), durationMs: 0 },
    {
      ...{ job: 7, attempt: 2, outcome: 'succeeded', exitCode: null, signal: null },
      ...{ durationMs: 0, reason: '', output: '' },
    },
  )
  assert.equal((await run(async () => result(0))).outcome, 'succeeded')
})

test('anything else has failed, and says why', async () => {
  const reasons: [JobHandler | undefined, string][] = [
    [async () => result(3), 'exit 3'],
    [async () => result(null, 'SIGSEGV'), 'SIGSEGV'],
    [() => Promise.reject(new Error('no such picture')), 'no such picture'],
    [undefined, 'this worker does not run jobs of type noop'],
  ]
  for (const [handler, reason] of reasons) {
    const report = await run(handler)
    assert.deepEqual([report.outcome, report.reason], ['failed', reason])
  }
})

test('a run over its time has failed, whatever it says', async () => {
  const report = await run(untilAborted, { ...JOB, timeoutMs: 1 })
  assert.deepEqual([report.outcome, report.reason, report.output], ['failed', 'timed out after 1 ms', 'o'])
})

test('a time over what a timer takes (24.8 days) does not end a run at once', async () => {
  const shortly: JobHandler = () => new Promise((resolve) => setTimeout(resolve, 20, result(0)))
  const report = await run(shortly, { ...JOB, timeoutMs: 30 * 86_400_000 })
  assert.deepEqual([report.outcome, report.reason], ['succeeded', ''])
})

test('such a time is waited for to its end', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const controller = new AbortController()
  const report = run(untilAborted, { ...JOB, timeoutMs: 30 * 86_400_000 }, controller)
  context.mock.timers.tick(2 ** 31 - 1)
  context.mock.timers.tick(5 * 86_400_000)
  assert.equal(controller.signal.aborted, false)
  context.mock.timers.tick(86_400_000)
  assert.equal((await report).reason, 'timed out after 30 d 0 h')
})

test('the time of a run is finer than a millisecond', async () => {
  const { durationMs } = await run(async () => {
    for (let spent = 0; spent < 1000; spent++) Math.sqrt(spent)
  })
  assert.ok(durationMs > 0 && durationMs < 1000, String(durationMs))
})

test('a run that the worker’s stop ended is no failure of the job; a cancelled one is ended', async () => {
  for (const [kind, outcome] of [
    ['stop', 'interrupted'],
    ['cancel', 'failed'],
  ] as const) {
    const controller = new AbortController()
    const report = run(untilAborted, JOB, controller)
    controller.abort(new RunEnd(kind, kind))
    assert.equal((await report).outcome, outcome)
  }
})
