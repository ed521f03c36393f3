/** kill -9 of a worker: the listening sockets are the master's, and only what that worker had in hand is lost. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { createInstance } from '../support/instance.ts'
import { findFreePort, listListening } from '../support/listening-socket.ts'
import { startLoad } from '../support/load-client.ts'
import { describeReport } from '../support/load-client-report.ts'
import { serverText } from '../support/load-client-server.ts'
import { signal } from '../support/processes.ts'
import { waitFor } from '../support/wait-for.ts'

const KILLS = process.env.SOAK === undefined ? 2 : 10
/** Who accepted when from which port of a client, told before a byte is read. */
const TELL = `server.on('connection', ({ remotePort }) => {
  const atMs = process.hrtime.bigint() / 1000000n
  fs.appendFileSync(home + '/accepted', [process.pid, remotePort, atMs].join(' ') + '\\n')
})`

test('kill -9 of workers under load: only what they had in hand fails, the same sockets stay open', async (t) => {
  const instance = createInstance(t)
  const target = { host: '127.0.0.1', port: await findFreePort() }
  instance.serveFile(serverText([target], TELL))
  instance.configure('proc = 2\nrestartDelay = "10ms"\nrestartLimit = 100\n')
  const master = await instance.start()
  const sockets = listListening(master)
  assert.equal(sockets.length, 2, 'one for each slot')
  const load = startLoad(target)
  instance.cleanups.push(() => void load.stop())
  const killed = new Set<number>()
  await load.awaitRequests()
  for (let count = 0; count < KILLS; count++) {
    const { pid } = await instance.worker(count % 2)
    signal(pid, 'SIGKILL')
    killed.add(pid)
    assert.deepEqual(listListening(master), sockets, 'the sockets are open while a worker is missing')
    await load.awaitRequests()
    await waitFor(
      'another worker',
      () => instance.status(),
      ({ workers, metrics }) => metrics.restarts === count + 1 && workers.every(({ state }) => state === 'ready'),
    )
    await load.awaitRequests()
  }
  const report = await load.stop()
  t.diagnostic(describeReport(report))
  assert.deepEqual(listListening(master), sockets)

  const accepted = readFileSync(instance.path('accepted'), 'utf8').trim().split('\n')
  const acceptances = accepted.map((line) => line.split(' ').map(Number) as [number, number, number])
  const untold = report.recorded.filter(({ kind, localPort, atMonotonicMs }) => {
    assert.match(kind, /^(reset|closed|short)$/, describeReport(report))
    // Ports come again: who accepted from it last before the failure.
    const last = acceptances.findLast(([, port, atMs]) => port === localPort && atMs <= atMonotonicMs)
    return !killed.has(last?.[0] ?? 0)
  })
  // Each may die between the system call that accepts and the line that tells it; then it was the first request.
  assert.ok(untold.length <= KILLS && untold.every(({ answered }) => answered === 0), inspect(untold))
})
