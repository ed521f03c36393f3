/** The tools that people measure servers with: over reloads they see no error. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createInstance, type Instance } from '../support/instance.ts'
import { findFreePort } from '../support/listening-socket.ts'
import { packagePath } from './packages.ts'
import { missing, runTool } from './tool.ts'

const SECONDS = 5

async function startHello(t: TestContext): Promise<{ instance: Instance; url: string }> {
  const instance = createInstance(t)
  const port = await findFreePort()
  instance.serveFile(`import http from 'node:http'
http.createServer((request, response) => response.end('hello')).listen(${port}, '127.0.0.1')`)
  instance.configure('proc = 2\nstableTime = "100ms"\n')
  await instance.start()
  return { instance, url: `http://127.0.0.1:${port}/` }
}

/** One after the other, as long as the tool runs. */
async function reloadWhile<T>(instance: Instance, tool: Promise<T>): Promise<T> {
  let isRunning = true
  const result = tool.finally(() => {
    isRunning = false
  })
  while (isRunning) assert.equal((await instance.run(['reload'])).code, 0, instance.log())
  return await result
}

const WAYS = [
  ['keep-alive', []],
  ['new connections', ['-H', 'Connection: close']],
] as const

for (const [how, flags] of WAYS) {
  test(`wrk, ${how}: no socket error, no other status`, { skip: missing('wrk') }, async (t) => {
    const { instance, url } = await startHello(t)
    const args = ['-t1', '-c8', `-d${SECONDS}s`, ...flags, url]
    const { stdout } = await reloadWhile(instance, runTool(t, 'wrk', args))
    assert.match(stdout, /[1-9]\d* requests in/)
    assert.doesNotMatch(stdout, /Socket errors|Non-2xx/, stdout)
  })

  test(`autocannon, ${how}: no error, no other status`, async (t) => {
    const { instance, url } = await startHello(t)
    const args = [packagePath('autocannon/autocannon.js'), '--json', '-c', '8', '-d', String(SECONDS), ...flags, url]
    const { stdout, stderr } = await reloadWhile(instance, runTool(t, process.execPath, args))
    const { requests, errors, timeouts, non2xx } = JSON.parse(stdout)
    assert.deepEqual([errors, timeouts, non2xx], [0, 0, 0], stderr)
    assert.ok(requests.total > 100)
  })
}
