/** Service files of every kind run as the main module of their worker; a server that does not use myd is only run there. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { createInstance, type Instance } from '../support/instance.ts'

/** A file that is there for the next start. */
function serveText(instance: Instance, name: string, text: string): void {
  writeFileSync(instance.path(name), text)
  instance.useService(instance.path(name))
}

const START = `start({ log }) { log.info('started', { isMain, words: process.argv.length, file: process.argv[1] }) }`
const ESM = `import { defineService } from 'myd'\nconst isMain = import.meta.main\nexport default defineService({ ${START} })`

const kinds: Readonly<Record<string, string>> = {
  'esm.mjs': ESM,
  'types.ts': `await Promise.resolve()\n${ESM.replace('isMain =', 'isMain: boolean =')}`,
  'common.cjs': `const { defineService } = require('myd')
    const isMain = require.main === module
    module.exports = defineService({ ${START} })`,
}

for (const [name, text] of Object.entries(kinds)) {
  for (const flag of ['--proc=1', '--nofork']) {
    test(`${name} is the main module (${flag})`, async (t) => {
      const instance = createInstance(t)
      serveText(instance, name, text)
      await instance.start(flag)
      await instance.logged(new RegExp(`started.* isMain=true words=2 file="?${instance.path(name)}`))
    })
  }
}

test('a server that does not use myd is looked at and not run, except in a worker', async (t) => {
  const instance = createInstance(t)
  const trace = instance.path('ran')
  const text = `require('node:fs').appendFileSync(${JSON.stringify(trace)}, process.argv.length + '\\n')
    const { defineService } = { defineService: "require('myd')" }
    setInterval(() => {}, 1000)`
  serveText(instance, 'server.cjs', text)
  const check = await instance.run(['--check'])
  assert.equal(check.code, 0, check.stdout)
  await instance.start('--proc=1', '--set', 'ready=loaded')
  assert.equal((await instance.run(['reload'])).code, 0)
  assert.equal(readFileSync(trace, 'utf8'), '2\n2\n', 'one line for each worker')
})

test('a service that listens at its top level does not while it is looked at', async (t) => {
  const instance = createInstance(t)
  const server = createServer().listen(0, '127.0.0.1')
  t.after(() => server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  const imports = `import http from 'node:http'\nimport { once } from 'node:events'
    const server = http.createServer().listen(${port}, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address()`
  instance.serve(`name: 'myd', checks: { 'the port is told': () => port === ${port} }`, imports)
  const { code, stdout } = await instance.run(['--check'])
  assert.equal(code, 0, stdout)
  assert.match(stdout, /the port is told/)
})

test('what is wrong with a file: told with its line, and nothing is started', async (t) => {
  const instance = createInstance(t)
  serveText(instance, 'wrong.ts', `import 'myd'\nenum Size { Small }\n`)
  const result = await instance.run(['--daemon'])
  assert.equal(result.code, 1)
  const told = result.stderr.replace(/\s+/g, ' ')
  assert.match(told, /wrong\.ts:2: TypeScript’s enum is more than a type.* → Use a union of words/)
  instance.assertGone()
})
