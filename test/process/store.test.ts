/** The store as a real process: killed, cut off, out of disk, and among bad clients. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { connectToStore } from '../../src/job/socket-client.ts'
import type { JobHandler } from '../../src/service/job-handler.ts'
import { which } from '../../src/system/which.ts'
import { JobRunner } from '../../src/worker/job-runner.ts'
import { Client, makeDirectory, StoreProcess, succeeded } from '../support/store-process.ts'
import { createRandom, waitUntil } from '../support/wait.ts'

const KILLS = process.env.SOAK === undefined ? 8 : 50

async function startStore(context: TestContext): Promise<StoreProcess> {
  const store = new StoreProcess(context, makeDirectory(context))
  await store.start()
  return store
}

/** A worker in this process, on a real socket. */
function startRunner(context: TestContext, worker: string, socketPath: string, noop: JobHandler): JobRunner {
  const nothing = (): void => {}
  const runner = new JobRunner({
    ...{ worker, socketPath, prefetchLimit: 16, handlers: { noop } },
    board: { takeInHand: () => ({ ownGroup: nothing, release: nothing }), countJob: nothing },
    log: { debug: nothing, info: nothing, warning: nothing, error: nothing },
  })
  void runner.start()
  context.after(() => runner.stop())
  return runner
}

test('kill -9 of the store: every acknowledged add is there, each job runs once, none is forgotten', async (context) => {
  const random = createRandom(context)
  const store = await startStore(context)
  const runs = new Map<number, number>()
  store.holders = ['a', 'b', 'c']
  for (const name of store.holders) {
    startRunner(context, name, store.socketPath, async ({ id }) => {
      runs.set(id, (runs.get(id) ?? 0) + 1)
      await delay(id % 3)
    })
  }
  const client = await connectToStore(store.socketPath)
  assert.ok(client)
  const added: number[] = []
  let isOver = false
  const adding = (async () => {
    while (!isOver) added.push(...(await client.call({ op: 'add', jobs: [{ type: 'noop' }, { type: 'noop' }] })).ids)
  })()
  for (let kill = 0; kill < KILLS; kill++) {
    await delay(random(150))
    await store.kill()
    await store.start()
  }
  isOver = true
  await adding
  await client.call({ op: 'waitAll' })
  const { states } = await client.call({ op: 'stats' })
  await client.close()
  assert.equal(new Set(added).size, added.length)
  assert.equal(states.done, added.length, 'all that was acknowledged, and nothing twice')
  assert.deepEqual([...runs.keys()].sort(), [...added].sort())
  assert.deepEqual(
    [...runs.values()].filter((count) => count !== 1),
    [],
    'no worker died, so that no job ran twice',
  )
})

test('what was acknowledged is there after a kill -9 at once', async (context) => {
  const store = await startStore(context)
  store.holders = ['w']
  for (let round = 0; round < 5; round++) {
    const before = new Client(context, store.socketPath)
    const [waiting = 0, finished = 0] = await before.add({ type: 'noop', delayMs: 3_600_000 }, { type: 'noop' })
    await before.attach('w')
    const [job] = await before.take()
    assert.equal(job?.id, finished)
    await before.ask({ op: 'finish', reports: [succeeded(job)] })
    await store.kill()
    await store.start()
    const after = new Client(context, store.socketPath)
    assert.equal(await after.stateOf(waiting), 'delayed')
    assert.equal(await after.stateOf(finished), 'done')
  }
})

test('a repeated result, and one for a lease that is gone, count nothing', async (context) => {
  const store = await startStore(context)
  const client = new Client(context, store.socketPath)
  const [id = 0] = await client.add({ type: 'noop' })
  await client.attach('w')
  const [job] = await client.take()
  assert.ok(job)
  const reports = [succeeded(job)]
  assert.deepEqual((await client.ask({ op: 'finish', reports })).recorded, [id])
  assert.deepEqual((await client.ask({ op: 'finish', reports })).recorded, [])
})

test('the last results of a worker that died are read before its leases go back', async (context) => {
  const store = await startStore(context)
  const client = new Client(context, store.socketPath)
  const ids = await client.add({ type: 'noop' }, { type: 'noop' })
  const worker = new Client(context, store.socketPath)
  await worker.attach('w')
  const jobs = await worker.take(2)
  process.kill(store.pid, 'SIGSTOP')
  void worker.ask({ op: 'finish', reports: jobs.slice(0, 1).map(succeeded) })
  worker.socket.end()
  store.workerGone('w', ids)
  process.kill(store.pid, 'SIGCONT')
  await waitUntil(async () => (await client.stateOf(ids[1] ?? 0)) === 'ready')
  assert.equal(await client.stateOf(ids[0] ?? 0), 'done')
})

test('a worker that is only cut off keeps its jobs; one that is gone does not', async (context) => {
  const store = await startStore(context)
  const client = new Client(context, store.socketPath)
  const [id = 0] = await client.add({ type: 'noop' })
  const first = new Client(context, store.socketPath)
  await first.attach('w')
  const [job] = await first.take()
  first.close()
  const second = new Client(context, store.socketPath)
  await second.attach('w', [{ job: id, attempt: job?.attempt }])
  assert.equal(await client.stateOf(id), 'reserved')
  second.close()
  store.workerGone('w')
  await waitUntil(async () => (await client.stateOf(id)) === 'ready')
  const late = new Client(context, store.socketPath)
  const refused = await late.ask({ op: 'attach', worker: 'w', types: ['noop'], held: [] })
  assert.equal((refused.error as { code: string }).code, 'superseded')
})

test('a cancelled run is told to its worker', async (context) => {
  const store = await startStore(context)
  const client = new Client(context, store.socketPath)
  const [id = 0] = await client.add({ type: 'noop' })
  const worker = new Client(context, store.socketPath)
  await worker.attach('w')
  const [job] = await worker.take()
  await client.ask({ op: 'cancel', jobs: [id] })
  await waitUntil(async () => worker.unasked.length > 0)
  assert.deepEqual(worker.unasked, [{ event: 'cancel', job: id }])
  assert.ok(job)
  await worker.ask({ op: 'finish', reports: [{ ...succeeded(job), outcome: 'failed' }] })
  assert.equal(await client.stateOf(id), 'cancelled')
})

test('a worker that stops is answered at once, and takes nothing', async (context) => {
  const store = await startStore(context)
  const worker = new Client(context, store.socketPath)
  await worker.attach('w')
  const taking = worker.take()
  await worker.ask({ op: 'release', leases: [], stop: true })
  assert.deepEqual(await taking, [])
})

test('a draining worker gives back what it has not started, and finishes what it has', async (context) => {
  const store = await startStore(context)
  const client = new Client(context, store.socketPath)
  const gate = Promise.withResolvers<void>()
  const runner = startRunner(context, 'w', store.socketPath, () => gate.promise)
  const [running = 0, queued = 0] = await client.add({ type: 'noop' }, { type: 'noop' })
  await waitUntil(async () => (await client.stateOf(running)) === 'reserved')
  const drained = runner.drain(new AbortController().signal)
  gate.resolve()
  await drained
  assert.deepEqual([await client.stateOf(running), await client.stateOf(queued)], ['done', 'ready'])
})

test('a worker that has to stop ends its run, whose job is tried again and has not failed', async (context) => {
  const store = await startStore(context)
  const client = new Client(context, store.socketPath)
  const runner = startRunner(context, 'w', store.socketPath, (_, { signal }) => once(signal, 'abort').then(() => {}))
  const [id = 0] = await client.add({ type: 'noop', attempts: 1 })
  await waitUntil(async () => (await client.stateOf(id)) === 'reserved')
  await runner.drain(AbortSignal.abort())
  const { job } = await client.ask({ op: 'show', job: id })
  const { state, failures, deaths, attempt } = job as Record<string, unknown>
  assert.deepEqual([state, failures, deaths, attempt], ['ready', 0, 0, 1])
})

test('bad clients get a clear error, and nobody else notices', async (context) => {
  const store = await startStore(context)
  const good = new Client(context, store.socketPath)
  await good.add({ type: 'noop' })
  for (const [text, expected] of [
    ['garbage\n', /"bad-request"/],
    ['{"id":7}\n', /"id":7.*op is missing/],
    ['{"id":8,"op":"rm"}\n', /"id":8.*known: add/],
    ['\u0000\u00ff[]\n', /"bad-request"/],
    ['x'.repeat(4 * 1024 * 1024), /"too-long"/],
  ] as const) {
    const socket = connect(store.socketPath)
    socket.on('error', () => {}) // EPIPE when the store hangs up on the long line
    socket.write(text)
    const [answer] = await once(socket, 'data')
    assert.match(String(answer), expected)
    socket.destroy()
  }
  const silent = Array.from({ length: 500 }, () => connect(store.socketPath))
  await Promise.all(silent.map((socket) => once(socket, 'connect')))
  assert.equal((await good.add({ type: 'noop' })).length, 1)
  for (const socket of silent) socket.destroy()
})

test('a client that does not read is dropped', async (context) => {
  const store = await startStore(context)
  const good = new Client(context, store.socketPath)
  const [id = 0] = await good.add({ type: 'noop', payload: 'x'.repeat(250_000) })
  const slow = connect(store.socketPath)
  slow.on('error', () => {}) // EPIPE, once it is dropped
  slow.pause()
  for (let request = 0; request < 100; request++) slow.write(`{"id":${request},"op":"show","job":${id}}\n`)
  await waitUntil(async () => (await good.stateOf(id)) === 'ready')
  slow.resume()
  let bytes = 0
  slow.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  await once(slow, 'close')
  assert.ok(bytes < 25_000_000, `${bytes} bytes came before the end`)
})

test('an add and a done are answered after an fdatasync', {
  skip: which('strace') === null && 'no strace',
}, async (context) => {
  const directory = makeDirectory(context)
  const trace = join(directory, 'trace')
  const store = new StoreProcess(context, directory)
  await store.start([
    'strace',
    '-f',
    '-qq',
    '-s',
    '80',
    '-e',
    'trace=fdatasync,fsync,write,writev,sendto,sendmsg',
    '-o',
    trace,
  ])
  const client = new Client(context, store.socketPath)
  await client.attach('w')
  for (let round = 0; round < 5; round++) {
    await client.add({ type: 'noop' })
    const jobs = await client.take()
    await client.ask({ op: 'finish', reports: jobs.map(succeeded) })
  }
  await store.stop()
  let isSynced = false
  let answers = 0
  for (const line of readFileSync(trace, 'utf8').split('\n')) {
    if (/\b(fdatasync|fsync)\(\d+\)\s+= 0/.test(line)) isSynced = true
    if (!/\\"(ids|jobs|recorded)\\":\[/.test(line)) continue
    assert.ok(isSynced, `answered without a sync before: ${line}`)
    isSynced = false
    answers++
  }
  assert.equal(answers, 15)
})

/** A file system of 2 MiB, or null when there may be none. */
function mountSmallDisk(context: TestContext): string | null {
  const directory = mkdtempSync(join(tmpdir(), 'store-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'none', directory], { stdio: 'ignore' })
  } catch {
    rmdirSync(directory)
    return null // not root, or a container that may not mount: the test says so
  }
  context.after(() => {
    execFileSync('umount', ['-l', directory])
    rmdirSync(directory)
  })
  return directory
}

test('a full disk: a clear error, nothing lost, and it goes on when there is space', async (context) => {
  const directory = mountSmallDisk(context)
  if (directory === null) return context.skip('needs root that may mount')
  const store = new StoreProcess(context, directory)
  await store.start()
  const client = new Client(context, store.socketPath)
  const worker = new Client(context, store.socketPath)
  const ids = await client.add({ type: 'noop' }, { type: 'noop', delayMs: 3_600_000 })
  await worker.attach('w')
  const [job] = await worker.take()
  assert.ok(job)
  const ballast = join(directory, 'ballast')
  fill(ballast)
  const payload = 'x'.repeat(200_000)
  const refused = await client.ask({ op: 'add', jobs: [{ type: 'noop', payload }] })
  assert.match(JSON.stringify(refused.error), /"storage".*disk.*full/)
  const result = await worker.ask({ op: 'finish', reports: [{ ...succeeded(job), output: payload }] })
  assert.equal(result.ok, false)
  assert.equal(await client.stateOf(ids[0] ?? 0), 'reserved', 'reading goes on')
  rmSync(ballast)
  assert.deepEqual((await worker.ask({ op: 'finish', reports: [succeeded(job)] })).recorded, [ids[0]])
  await client.add({ type: 'noop', payload })
  await waitUntil(async () => store.lines.some((line) => line.includes('store.diskRecovered')))
  await store.kill()
  await store.start()
  const after = new Client(context, store.socketPath)
  assert.deepEqual([await after.stateOf(ids[0] ?? 0), await after.stateOf(ids[1] ?? 0)], ['done', 'delayed'])
})

/** Writes until nothing goes in any more. */
function fill(path: string): void {
  for (const size of [65_536, 4096]) {
    try {
      for (;;) writeFileSync(path, Buffer.alloc(size), { flag: 'a' })
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC')
    }
  }
}
