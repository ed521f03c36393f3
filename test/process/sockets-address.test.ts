/** Where a server listens: unix sockets, IPv6, any port, several addresses, and addresses that change or are taken. */
import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { createInstance, type Instance } from '../support/instance.ts'
import { findFreePort, listListening } from '../support/listening-socket.ts'
import { startLoad, underLoad } from '../support/load-client.ts'
import type { LoadTarget } from '../support/load-client-connection.ts'
import { describeReport } from '../support/load-client-report.ts'
import { HTTP, SERVICE_IMPORTS, serverText } from '../support/load-client-server.ts'

const QUICK = 'proc = 2\nstableTime = "50ms"\n'
const FEW = { connections: { 'new-connection': 2, 'keep-alive': 2, slow: 1 } }
const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'))
const noIpv6 = hasIpv6 ? false : 'no IPv6 here'

async function reload(instance: Instance): Promise<void> {
  const { code, stderr } = await instance.run(['reload'])
  assert.equal(code, 0, `the reload failed: ${stderr}\n${instance.log()}`)
}

/** While all of them are under load, the workers are replaced. */
async function reloadUnderLoad(instance: Instance, targets: readonly LoadTarget[]): Promise<void> {
  const [target, ...more] = targets
  if (target === undefined) return await reload(instance)
  await underLoad(target, () => reloadUnderLoad(instance, more), FEW)
}

const ANY_LOOPBACK: readonly (readonly [string, string, false | string])[] = [
  ['127.0.0.1', '127.0.0.1', false],
  ['::1', '[::1]', noIpv6],
]

for (const [host, written, skip] of ANY_LOOPBACK) {
  test(`${host}: as a server asks for it, and as listen = "${written}:PORT"`, { skip }, async (t) => {
    const target = { host, port: await findFreePort() }
    const server = createInstance(t)
    server.serveFile(serverText([target]))
    server.configure(QUICK)
    await server.start()
    await reloadUnderLoad(server, [target])
    await server.stop()
    const service = createInstance(t)
    service.serve(HTTP, SERVICE_IMPORTS)
    service.configure(`${QUICK}listen = ["${written}:${target.port}"]\n`)
    await service.start()
    await reloadUnderLoad(service, [target])
  })
}

test('several addresses at once, a unix socket among them', async (t) => {
  const instance = createInstance(t)
  const ports = [await findFreePort(), await findFreePort()]
  const targets = [{ path: instance.path('web.sock') }, ...ports.map((port) => ({ host: '127.0.0.1', port }))]
  instance.serveFile(serverText(targets))
  instance.configure(QUICK)
  await instance.start()
  await reloadUnderLoad(instance, targets)
})

test('a unix socket of the settings has their permissions, and is gone after the stop', async (t) => {
  const instance = createInstance(t)
  const target = { path: instance.path('web.sock') }
  instance.serve(HTTP, SERVICE_IMPORTS)
  instance.configure(`${QUICK}listen = ["${target.path}"]\nsocket.mode = "0600"\n`)
  await instance.start()
  assert.equal(statSync(target.path).mode & 0o777, 0o600)
  const { ino } = statSync(target.path)
  await reloadUnderLoad(instance, [target])
  assert.equal(statSync(target.path).ino, ino, 'the same socket')
})

test('a unix socket whose file cannot be removed is told of, and the stop goes on', async (t) => {
  const instance = createInstance(t)
  mkdirSync(instance.path('run'))
  instance.serve(HTTP, SERVICE_IMPORTS)
  instance.configure(`${QUICK}listen = ["${instance.path('run/web.sock')}"]\n`)
  await instance.start()
  renameSync(instance.path('run'), instance.path('moved'))
  writeFileSync(instance.path('run'), 'in the place of the directory')
  await instance.stop()
  assert.match(instance.log(), /socket\.file-left: .*run\/web\.sock.*ENOTDIR/)
  assert.match(instance.log(), /daemon\.stopped: stopped, exit 0/)
  rmSync(instance.path('run'))
})

test('port 0: one port for all workers, which stays', async (t) => {
  const instance = createInstance(t)
  instance.serveFile(serverText([{ host: '127.0.0.1', port: 0 }]))
  instance.configure(QUICK)
  const master = await instance.start()
  const sockets = listListening(master)
  const [port, ...others] = new Set(sockets.map((socket) => socket.port))
  assert.deepEqual([sockets.length, others], [2, []])
  await reloadUnderLoad(instance, [{ host: '127.0.0.1', port: port! }])
  assert.deepEqual(listListening(master), sockets)
})

/** Whether somebody accepts a connection. */
function accepts(target: { readonly host: string; readonly port: number }): Promise<boolean> {
  const socket = connect(target)
  return new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
  }).finally(() => socket.destroy())
}

test('listen changed by a reload: the new address answers before the old is closed, and nobody there fails', async (t) => {
  const instance = createInstance(t)
  const [before, after] = [
    { host: '127.0.0.1', port: await findFreePort() },
    { host: '127.0.0.1', port: await findFreePort() },
  ]
  instance.serve(HTTP, SERVICE_IMPORTS)
  instance.configure(`${QUICK}listen = ["127.0.0.1:${before.port}"]\n`)
  const master = await instance.start()
  const load = startLoad(before, FEW)
  instance.cleanups.push(() => void load.stop())
  await load.awaitRequests()
  instance.configure(`${QUICK}listen = ["127.0.0.1:${after.port}"]\n`)
  let isReloaded = false
  const reloaded = reload(instance).finally(() => {
    isReloaded = true
  })
  while (!isReloaded) assert.ok((await accepts(before)) || (await accepts(after)), 'neither address answers')
  await reloaded
  await underLoad(after, async () => {}, FEW)
  const report = await load.stop()
  const { refused = 0, reset = 0, ...others } = report.failures
  assert.deepEqual(others, {}, describeReport(report))
  assert.ok(refused > 0, 'the old address is closed')
  assert.ok(reset <= 2, describeReport(report)) // new ones, in the moment of the close
  for (const failure of report.recorded) assert.equal(failure.answered, 0, describeReport(report))
  assert.deepEqual(new Set(listListening(master).map(({ port }) => port)), new Set([after.port]))
})

test('an address that is taken: start and --check exit 1 and name it, nothing is left', async (t) => {
  const instance = createInstance(t)
  const port = await findFreePort()
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve))
  t.after(() => other.close())
  instance.serve(HTTP, SERVICE_IMPORTS)
  instance.configure(`${QUICK}listen = ["127.0.0.1:${port}"]\n`)
  for (const flag of ['--check', '--daemon']) {
    const { code, stdout, stderr } = await instance.run([flag])
    assert.equal(code, 1, flag)
    assert.match(stdout + stderr, new RegExp(`127\\.0\\.0\\.1:${port}.*in use`), flag)
  }
  await instance.awaitNoProcess()
})

test('an address that is taken, asked for by a server: the start exits 1 and names it', async (t) => {
  const instance = createInstance(t)
  const port = await findFreePort()
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve))
  t.after(() => other.close())
  instance.serveFile(serverText([{ host: '127.0.0.1', port }]))
  instance.configure(`${QUICK}restartDelay = "10ms"\nrestartLimit = 2\n`)
  const { code, stderr } = await instance.run(['--daemon'])
  assert.equal(code, 1, stderr)
  assert.match(
    stderr + instance.log(),
    new RegExp(`EADDRINUSE[^\\n]*127\\.0\\.0\\.1:${port}|127\\.0\\.0\\.1:${port}.*in use`),
  )
  await instance.awaitNoProcess()
})
