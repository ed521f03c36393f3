/**
 * Servers as their authors write them, and an application from the registry as it is: several workers on one port,
 * a reload under load, a stop that leaves nothing. None of them knows of us.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { createInstance, type Instance } from '../support/instance.ts'
import { findFreePort, listListening } from '../support/listening-socket.ts'
import { underLoad } from '../support/load-client.ts'
import { describeReport } from '../support/load-client-report.ts'
import { linkPackages, packagePath } from './packages.ts'

const PAGE = 'as it is\n'
const QUICK = 'stableTime = "100ms"\n'
const FRAMEWORKS: Readonly<Record<string, (port: number) => string>> = {
  express: (port) => `import express from 'express'
const app = express()
app.get('/', (request, response) => { response.type('text').send(${JSON.stringify(PAGE)}) })
app.listen(${port}, '127.0.0.1')`,
  fastify: (port) => `import fastify from 'fastify'
const app = fastify()
app.get('/', async () => ${JSON.stringify(PAGE)})
await app.listen({ port: ${port}, host: '127.0.0.1' })`,
  koa: (port) => `import Koa from 'koa'
const app = new Koa()
app.use((context) => { context.body = ${JSON.stringify(PAGE)} })
app.listen(${port}, '127.0.0.1')`,
  hono: (port) => `import { serve } from '@hono/node-server'
import { Hono } from 'hono'
const app = new Hono()
app.get('/', (context) => context.text(${JSON.stringify(PAGE)}))
serve({ fetch: app.fetch, port: ${port}, hostname: '127.0.0.1' })`,
}

/** Requests of every kind but uploads, which these servers have no answer for. */
const LOAD = {
  connections: { 'new-connection': 3, 'keep-alive': 3, pipelined: 2 },
  page: { path: '/', expected: PAGE },
}

async function assertServes(instance: Instance, master: number, port: number): Promise<string> {
  const page = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })
  assert.equal(await page.text(), PAGE)
  const { workers } = await instance.status()
  assert.deepEqual(
    workers.map(({ state }) => state),
    ['ready', 'ready'],
  )
  assert.ok(listListening(master).some((socket) => socket.port === port))
  const report = await underLoad(
    { host: '127.0.0.1', port },
    async () => {
      const { code, stderr } = await instance.run(['reload'])
      assert.equal(code, 0, stderr + instance.log())
    },
    LOAD,
  )
  await instance.stop()
  instance.assertGone()
  return describeReport(report)
}

for (const [name, textOf] of Object.entries(FRAMEWORKS)) {
  test(`${name}: two workers, a reload under load, a stop`, async (t) => {
    const instance = createInstance(t)
    const port = await findFreePort()
    linkPackages(instance.home)
    instance.serveFile(textOf(port))
    instance.configure(QUICK)
    t.diagnostic(await assertServes(instance, await instance.start('--proc=2'), port))
  })
}

test('http-server, an application with signals and settings of its own: the same', async (t) => {
  const instance = createInstance(t)
  const port = await findFreePort()
  instance.useService(packagePath('http-server/bin/http-server'))
  instance.configure(QUICK)
  writeFileSync(instance.path('index.html'), PAGE)
  const { code, stdout, stderr } = await instance.run(['--daemon', '--proc=2'], { environment: { PORT: String(port) } })
  assert.equal(code, 0, stderr + instance.log())
  t.diagnostic(await assertServes(instance, Number(stdout), port))
})
