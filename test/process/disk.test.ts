/** A disk that is full or read-only: a clear error, and nothing that was answered is lost. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { test } from 'node:test'
import type { Status } from '../../src/admin/control.ts'
import { createInstance, type Ended, type Instance } from '../support/instance.ts'
import { signal } from '../support/processes.ts'
import { fillDisk, mountSmallDisk, noSmallDisk, remount } from '../support/small-disk.ts'
import { waitFor } from '../support/wait-for.ts'

const skip = noSmallDisk

function makeReadOnly(instance: Instance, path: string): void {
  if (skip === false) return remount(mountSmallDisk(instance, 'state', 'size=32m,mode=0750'), 'ro')
  mkdirSync(path)
  chmodSync(path, 0o550)
}

function assertToldInWords(result: Ended, words: RegExp): void {
  assert.ok(result.code !== 0 && result.code !== 70, `exit ${result.code}: ${result.stderr}`)
  assert.match(result.stdout + result.stderr, words)
  assert.doesNotMatch(result.stderr, /^ +at |a bug/m)
}

test('a read-only state directory: the check and the start say so, exit 1, nothing is left', async (t) => {
  const instance = createInstance(t)
  makeReadOnly(instance, instance.path('state'))
  for (const args of [['--check'], ['--daemon', '--proc=1']]) {
    const result = await instance.run(args)
    assert.equal(result.code, 1, args.join(' '))
    assertToldInWords(result, /failure .*\n? *.*state/)
  }
  instance.assertGone()
})

for (const directory of ['stateDirectory', 'logDirectory', 'runDirectory']) {
  test(`a full ${directory} before the start: told in words, nothing left`, { skip }, async (t) => {
    const instance = createInstance(t)
    const disk = mountSmallDisk(instance, 'disk', 'size=64k,mode=0750')
    instance.configure(`${directory} = "${disk}/full"\n`)
    fillDisk(`${disk}/ballast`)
    for (const args of [['--check'], ['--daemon', '--proc=1']]) {
      const result = await instance.run(args)
      assert.equal(result.code, 1, `${args.join(' ')}: ${result.stderr}`)
      assertToldInWords(result, /free|full|space/i)
    }
    instance.assertGone()
  })
}

test('a log that cannot grow: the daemon goes on, and tells what was lost when there is room', { skip }, async (t) => {
  const instance = createInstance(t)
  const disk = mountSmallDisk(instance, 'logs', 'size=32m,mode=0750')
  instance.configure(`logDirectory = "${disk}"\nproc = 1\nrestartDelay = "10ms"\n`)
  instance.serve(`start({ log }) { for (let i = 0; i < 10; i++) log.info('x'.repeat(1000)) }`) // more than a page
  const pid = await instance.start()
  fillDisk(`${disk}/ballast`)
  signal((await instance.worker()).pid, 'SIGKILL')
  const isBack = ({ workers }: Status) => workers[0]?.restarts === 1 && workers[0].state === 'ready'
  await waitFor('another worker', () => instance.status(), isBack)
  const job = await instance.run(['job', 'add', '--wait', '--', '/bin/echo', 'still here'])
  assert.deepEqual([job.code, job.stdout], [0, 'still here\n'])
  rmSync(`${disk}/ballast`)
  signal(pid, 'SIGUSR2')
  const log = () => readFileSync(`${disk}/myd.log`, 'utf8')
  await waitFor('the lost lines to be told', log, (text) => /log\.lost: \d+ log lines? lost/.test(text))
  await instance.stop()
})

/** Adds until the store refuses. @returns the ids that were answered, and the refusal */
async function addUntilRefused(instance: Instance): Promise<{ answered: string[]; refused: Ended }> {
  const answered: string[] = []
  for (;;) {
    const result = await instance.run(['job', 'add', '--quiet', '--delay=1h', '--type=noop', 'x'.repeat(100_000)])
    if (result.code !== 0) return { answered, refused: result }
    answered.push(result.stdout.trim())
    assert.ok(answered.length < 100, 'the disk is never full')
  }
}

test('a state directory that fills up: add is refused, what was answered is kept and done', { skip }, async (t) => {
  const instance = createInstance(t)
  const disk = mountSmallDisk(instance, 'disk', 'size=32m,mode=0750')
  instance.configure(`stateDirectory = "${disk}"\nproc = 1\n`)
  await instance.start()
  await instance.run(['job', 'add', '--wait', '--type=noop', 'first'])
  remount(disk, 'size=1m')
  const { answered, refused } = await addUntilRefused(instance)
  assertToldInWords(refused, /full|space/i)
  assert.ok(answered.length > 2, `${answered.length}`)
  assert.equal((await instance.status()).state, 'running')
  remount(disk, 'size=64m')
  const { jobs } = JSON.parse((await instance.run(['job', 'list', '--json', '--state=delayed'])).stdout)
  assert.deepEqual(jobs.map((job: { id: number }) => String(job.id)).sort(), [...answered].sort())
  const retried = await instance.run(['job', 'retry', ...answered])
  assert.equal(retried.code, 0, retried.stderr)
  assert.equal((await instance.run(['job', 'wait', '--all'])).code, 0)
})
