import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { type ErrorCode, MydError } from '../errors.ts'
import type { InstancePaths } from '../protocol.ts'
import { openJobClient } from './client.ts'
import type { JobConfig } from './job-config.ts'
import { tryJobsLock, waitForJobsLock } from './jobs-lock.ts'

const CONFIG: JobConfig = {
  ...{ attempts: 3, retryDelayMs: 1, retryDelayMaxMs: 1, timeoutMs: 0, outputLimitBytes: 1, payloadLimitBytes: 1 },
  types: {},
}

let directory: string
let paths: InstancePaths

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'job-client-'))
  const at = (name: string): string => join(directory, name)
  const files = { jobsSocket: at('jobs.sock'), jobsDatabase: at('jobs.db'), jobsLock: at('jobs.lock') }
  paths = { ...files, stateDirectory: directory } as InstancePaths
})

afterEach(() => rmSync(directory, { recursive: true }))

const is = (code: ErrorCode, pattern: RegExp) => (error: unknown) =>
  error instanceof MydError && error.code === code && pattern.test(error.message)

test('without a daemon jobs are added to the database, and not waited for', async () => {
  const client = await openJobClient(paths, () => CONFIG)
  assert.equal(client.hasDaemon, false)
  const { ids } = await client.call({ op: 'add', jobs: [{ type: 'noop' }] })
  await assert.rejects(client.call({ op: 'wait', jobs: ids }), is('NOT_RUNNING', /no daemon/))
  await assert.rejects(client.call({ op: 'show', job: 99 }), is('JOB_FAILED', /no job 99/))
  await assert.rejects(client.call({ op: 'add', jobs: [{ type: 'command' }] }), is('USAGE', /needs a command/))
  await client.close()
  const again = await openJobClient(paths, () => CONFIG)
  assert.equal((await again.call({ op: 'stats' })).states.ready, 1)
  await again.close()
})

test('where no instance was ever started, that is said', async () => {
  const nowhere = { ...paths, stateDirectory: join(directory, 'none') }
  await assert.rejects(
    openJobClient(nowhere, () => CONFIG),
    is('NOT_RUNNING', /ever started here/),
  )
})

test('only one has the database, and who is told', async () => {
  const fd = tryJobsLock(paths.jobsLock)
  assert.ok(fd !== null)
  assert.equal(tryJobsLock(paths.jobsLock), null)
  const { signal } = new AbortController()
  await assert.rejects(waitForJobsLock(paths.jobsLock, 0, signal), is('START_FAILED', RegExp(`process ${process.pid}`)))
  closeSync(fd)
  closeSync(await waitForJobsLock(paths.jobsLock, 0, signal))
})
