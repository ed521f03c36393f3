/**
 * Nothing that clients ask for is lost while workers come and go: constant load of five kinds at once over reloads,
 * changes of scale and ends of single workers. `npm run soak` has the full numbers.
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createInstance, type Instance } from '../support/instance.ts'
import { findFreePort } from '../support/listening-socket.ts'
import { type Load, startLoad, underLoad } from '../support/load-client.ts'
import type { LoadTarget } from '../support/load-client-connection.ts'
import { describeReport } from '../support/load-client-report.ts'
import { HTTP, SERVICE_IMPORTS, serverText } from '../support/load-client-server.ts'
import { isAlive, signal } from '../support/processes.ts'
import { waitFor } from '../support/wait-for.ts'

const isSoak = process.env.SOAK !== undefined
const RELOADS = isSoak ? 20 : 3
const SCALE_CHANGES = isSoak ? 10 : 4
const ENDS = isSoak ? 10 : 3
const PROC = 2
const SCALES = [4, 1, 3]
const SETTINGS = `proc = ${PROC}\nstableTime = "100ms"\nrestartDelay = "10ms"\nrestartLimit = 100\n`

async function startServer(t: TestContext, settings = ''): Promise<{ instance: Instance; target: LoadTarget }> {
  const instance = createInstance(t)
  const target = { host: '127.0.0.1', port: await findFreePort() }
  instance.serveFile(serverText([target]))
  instance.configure(SETTINGS + settings)
  await instance.start()
  return { instance, target }
}

async function reload(instance: Instance, load: Load, times: number): Promise<void> {
  for (let count = 0; count < times; count++) {
    const { code, stderr } = await instance.run(['reload'])
    assert.equal(code, 0, `the reload failed: ${stderr}\n${instance.log()}`)
    await load.awaitRequests()
  }
}

async function scale(instance: Instance, load: Load, times: number): Promise<void> {
  for (let count = 0; count < times; count++) {
    const proc = count === times - 1 ? PROC : SCALES[count % SCALES.length]!
    assert.equal((await instance.run(['scale', String(proc)])).code, 0)
    await awaitReady(instance, proc)
    await load.awaitRequests()
  }
}

/** TERM to a single worker, as if somebody had ended it by hand. */
async function endWorkers(instance: Instance, load: Load, times: number): Promise<void> {
  for (let count = 0; count < times; count++) {
    const { pid } = await instance.worker(count % 2)
    signal(pid, 'SIGTERM')
    await waitFor('the worker to end', () => !isAlive(pid), Boolean, 30_000)
    await awaitReady(instance, PROC)
    await load.awaitRequests()
  }
}

async function awaitReady(instance: Instance, proc: number): Promise<void> {
  await waitFor(
    `${proc} ready workers`,
    () => instance.status(),
    ({ workers }) => workers.length === proc && workers.every(({ state }) => state === 'ready'),
  )
}

const CHANGES = [
  ['rolling reloads', RELOADS, reload],
  ['changes of scale', SCALE_CHANGES, scale],
  ['ends of single workers by TERM', ENDS, endWorkers],
] as const

for (const [what, times, change] of CHANGES) {
  test(`${times} ${what} under load of five kinds: no request fails`, async (t) => {
    const { instance, target } = await startServer(t)
    const report = await underLoad(target, (load) => change(instance, load, times))
    t.diagnostic(describeReport(report))
  })
}

for (const balance of ['shared', 'round-robin']) {
  test(`balance = ${balance}: no request fails either`, async (t) => {
    const { instance, target } = await startServer(t, `balance = "${balance}"\n`)
    const report = await underLoad(target, async (load) => {
      for (const [, times, change] of CHANGES) await change(instance, load, isSoak ? times : 2)
    })
    t.diagnostic(describeReport(report))
  })
}

test('a service that has http: the same', async (t) => {
  const instance = createInstance(t)
  const target = { host: '127.0.0.1', port: await findFreePort() }
  instance.serve(HTTP, SERVICE_IMPORTS)
  instance.configure(`${SETTINGS}listen = ["127.0.0.1:${target.port}"]\n`)
  await instance.start()
  const report = await underLoad(target, async (load) => {
    for (const [, times, change] of CHANGES) await change(instance, load, isSoak ? times : 2)
  })
  t.diagnostic(describeReport(report))
})

test('a stop under load: whoever is connected gets the answers, then nobody is there', async (t) => {
  const { instance, target } = await startServer(t)
  const load = startLoad(target)
  instance.cleanups.push(() => void load.stop())
  await load.awaitRequests()
  await instance.stop()
  await load.awaitRequests()
  const report = await load.stop()
  const { refused = 0, reset = 0, ...others } = report.failures
  assert.deepEqual(others, {}, describeReport(report))
  assert.ok(refused > 0, describeReport(report))
  // No system call closes a listening socket and accepts what came in the same moment: a new connection may meet it.
  assert.ok(reset <= 2, describeReport(report))
  for (const failure of report.recorded) assert.equal(failure.answered, 0, describeReport(report))
})
