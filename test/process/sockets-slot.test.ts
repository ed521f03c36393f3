/** A slot without a worker that accepts keeps nobody waiting: its socket is lent to another. */
import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createInstance, type Instance } from '../support/instance.ts'
import { findFreePort } from '../support/listening-socket.ts'
import { assertNoneFailed, startLoad, underLoad } from '../support/load-client.ts'
import type { LoadTarget } from '../support/load-client-connection.ts'
import { HTTP, SERVICE_IMPORTS } from '../support/load-client-server.ts'
import { isAlive, signal } from '../support/processes.ts'
import { elapse, waitFor } from '../support/wait-for.ts'

/** Only these meet every slot again and again; the limit of 3 s for each request is the load client's own. */
const NEW_CONNECTIONS = { connections: { 'new-connection': 6 } }
const BLOCKED_MS = 6000

async function startService(
  t: TestContext,
  members = '',
): Promise<{ instance: Instance; target: LoadTarget & { port: number } }> {
  const instance = createInstance(t)
  const port = await findFreePort()
  instance.serve(`${members} ${HTTP}`, SERVICE_IMPORTS)
  const quick = 'proc = 3\nstableTime = "100ms"\nrestartDelay = "10ms"\nrestartLimit = 2\n'
  instance.configure(`${quick}listen = ["127.0.0.1:${port}"]\n`)
  await instance.start()
  return { instance, target: { host: '127.0.0.1', port } }
}

test('a slot that has failed: no connection waits', async (t) => {
  const crash = `start({ slot }) { if (slot === 1 && fs.existsSync(home + '/crash')) process.exit(3) },`
  const { instance, target } = await startService(t, crash)
  writeFileSync(instance.path('crash'), '')
  await underLoad(
    target,
    async (load) => {
      signal((await instance.worker(1)).pid, 'SIGTERM')
      await instance.logged(/slot\.failed: worker 1/)
      await load.awaitRequests(500)
    },
    NEW_CONNECTIONS,
  )
})

test('a worker that hangs for 6 s: only its own request waits', async (t) => {
  const { instance, target } = await startService(t)
  const blocked = connect(target)
  t.after(() => blocked.destroy())
  blocked.write('GET /block HTTP/1.1\r\nHost: x\r\n\r\n')
  await waitFor('a worker to stand still', () => existsSync(instance.path('blocked')))
  const load = startLoad(target, NEW_CONNECTIONS)
  instance.cleanups.push(() => void load.stop())
  await instance.logged(/worker \d \(pid \d+\) does not react; others accept for it/)
  assert.deepEqual((await instance.status()).workers.filter(({ state }) => state === 'not responding').length, 1)
  await elapse(BLOCKED_MS)
  const report = await load.stop()
  assertNoneFailed(report)
  assert.ok(report.requests > 500)
  const { workers, metrics } = await instance.status()
  assert.deepEqual([workers.map(({ state }) => state), metrics.restarts], [['ready', 'ready', 'ready'], 0])
  await underLoad(target, (after) => after.awaitRequests(500), NEW_CONNECTIONS)
})

test('slots that were scaled away, and come back: no connection waits', async (t) => {
  const { instance, target } = await startService(t)
  await underLoad(
    target,
    async (load) => {
      for (const proc of [1, 3]) {
        const { workers } = await instance.status()
        assert.equal((await instance.run(['scale', String(proc)])).code, 0)
        const leaving = workers.slice(proc).map(({ pid }) => pid!)
        await waitFor('the workers to end', () => !leaving.some(isAlive))
        await load.awaitRequests(500)
      }
    },
    NEW_CONNECTIONS,
  )
})
