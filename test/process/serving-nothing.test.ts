/** What `--check` says when service and `listen` do not go together. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createInstance } from '../support/instance.ts'

const HTTP = 'http: (request, response) => response.end()'

test('http without listen: a failure, with what to type', async (t) => {
  const instance = createInstance(t)
  instance.serve(HTTP)
  const { code, stdout } = await instance.run(['--check'])
  assert.equal(code, 1)
  assert.match(stdout, /failure +service +it has http or connection, and nothing says where it\s+listens/)
  assert.match(stdout, /--set listen=127\.0\.0\.1:8080/)
})

test('listen without http: a warning, also for the built-in service', async (t) => {
  const instance = createInstance(t)
  for (const serve of [() => {}, () => instance.serve('start() {}')]) {
    serve()
    const { code, stdout } = await instance.run(['--check', '--set', 'listen=127.0.0.1:0'])
    assert.equal(code, 0, stdout)
    assert.match(stdout, /warning +service +listen is set, and nothing serves/)
  }
})
