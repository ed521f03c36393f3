/** HTTP/2 with curl, over a reload: GOAWAY tells it to go on with a new connection, and what it asked is answered. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createInstance, type Instance } from '../support/instance.ts'
import { findFreePort } from '../support/listening-socket.ts'
import { missing, runTool } from './tool.ts'

/** Each answer takes 50 ms: the requests of one curl last longer than a reload. */
const ANSWER = `(request, response) => setTimeout(() => response.end(request.url + ' HTTP/' + request.httpVersion + '\\n'), 50)`
const FLAGS = ['--silent', '--show-error', '--fail']
const skip = missing('curl') || missing('openssl')

/** @param server the expression that makes it; `http2` and `fs` are known in it */
async function startServer(instance: Instance, server: string): Promise<number> {
  const port = await findFreePort()
  const imports = `import fs from 'node:fs'\nimport http2 from 'node:http2'\n`
  instance.serveFile(`${imports}${server}.listen(${port}, '127.0.0.1')`)
  instance.configure('proc = 2\nstableTime = "50ms"\n')
  await instance.start()
  return port
}

async function reloadTwice(instance: Instance): Promise<void> {
  for (const reload of [await instance.run(['reload']), await instance.run(['reload'])]) {
    assert.equal(reload.code, 0, reload.stderr + instance.log())
  }
}

/** @returns the flags by which curl believes the server that has the files */
async function makeCertificate(t: TestContext, instance: Instance): Promise<string[]> {
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '1']
  const files = ['-keyout', instance.path('key.pem'), '-out', instance.path('certificate.pem')]
  const made = await runTool(t, 'openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...names, ...files])
  assert.equal(made.code, 0, made.stderr)
  return ['--cacert', instance.path('certificate.pem')]
}

for (const [how, more, requests] of [
  ['one after the other on one connection', [], 60],
  ['ten at once', ['--parallel', '--parallel-max', '10'], 500],
] as const) {
  test(`h2 over TLS, ${how}: every request is answered over reloads`, { skip }, async (t) => {
    const instance = createInstance(t)
    const trust = await makeCertificate(t, instance)
    const tls = `{ key: fs.readFileSync(home + '/key.pem'), cert: fs.readFileSync(home + '/certificate.pem'), allowHTTP1: true }`
    const port = await startServer(instance, `http2.createSecureServer(${tls}, ${ANSWER})`)
    const flags = [...FLAGS, ...trust, '--resolve', `localhost:${port}:127.0.0.1`, '--http2', ...more]
    const curl = runTool(t, 'curl', [...flags, `https://localhost:${port}/[1-${requests}]`])
    await reloadTwice(instance)
    const { code, stdout, stderr } = await curl
    assert.equal(code, 0, stderr)
    const lines = new Set(stdout.trimEnd().split('\n'))
    assert.equal(lines.size, requests)
    for (const line of lines) assert.match(line, /^\/\d+ HTTP\/2\.0$/)
  })
}

// One curl for each request: that of Debian 12 fails when it uses a connection with prior knowledge a second time.
test('h2c with prior knowledge: every request is answered over reloads', { skip }, async (t) => {
  const instance = createInstance(t)
  const port = await startServer(instance, `http2.createServer(${ANSWER})`)
  let isReloading = true
  const reloads = reloadTwice(instance).finally(() => {
    isReloading = false
  })
  const ask = async () => {
    for (let count = 0; isReloading || count === 0; count++) {
      const { code, stdout, stderr } = await runTool(t, 'curl', [
        ...FLAGS,
        '--http2-prior-knowledge',
        `http://127.0.0.1:${port}/${count}`,
      ])
      assert.deepEqual([code, stdout], [0, `/${count} HTTP/2.0\n`], stderr)
    }
  }
  await Promise.all([ask(), ask(), reloads])
})
