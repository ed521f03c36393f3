/** A service file is looked at by a child, which must not outlive who asked, nor be believed. */
import assert from 'node:assert/strict'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { INSTANCE_VARIABLE } from '../../src/protocol.ts'
import { readEnvironment } from '../../src/system/proc.ts'
import { createInstance, ended, type Instance } from '../support/instance.ts'
import { findRole, signal } from '../support/processes.ts'
import { waitFor } from '../support/wait-for.ts'

/** Says that it is being evaluated, and does not come back. */
function serveForever(instance: Instance): void {
  const hang = `writeFileSync(${JSON.stringify(instance.path('looking'))}, ''); for (;;) {}`
  instance.serve('', `import { writeFileSync } from 'node:fs'\n${hang}`)
}

const looking = (instance: Instance) => waitFor('it to be looked at', () => existsSync(instance.path('looking')))

for (const name of ['SIGTERM', 'SIGKILL'] as const) {
  test(`--check is ended by ${name}: so is the child that evaluates the service`, async (t) => {
    const instance = createInstance(t)
    serveForever(instance)
    const child = instance.spawn(['--check'])
    const result = ended(child)
    await looking(instance)
    signal(child.pid!, name)
    assert.equal((await result).signal, name)
    await instance.awaitNoProcess()
  })
}

test('during a reload: it carries the mark of the instance, and ends with the master', async (t) => {
  const instance = createInstance(t)
  instance.serve('start() {}')
  const pid = await instance.start('--proc=1')
  serveForever(instance)
  signal(pid, 'SIGHUP')
  await looking(instance)
  const child = findRole(instance.home, 'describe')
  assert.ok(child)
  assert.ok(readEnvironment(child)?.some((entry) => entry.startsWith(`${INSTANCE_VARIABLE}=`)))
  signal(pid, 'SIGKILL')
  await instance.awaitNoProcess()
  rmSync(instance.path('looking'))
  instance.serve('start() {}')
  await instance.start('--proc=1')
})

for (const answer of ['{}', '{"name":1,"jobTypes":[],"checks":{},"error":null}', '[]', 'null', 'x']) {
  test(`a service that answers for itself, with ${answer}: a finding, not a bug`, async (t) => {
    const instance = createInstance(t)
    const write = `writeSync(3, ${JSON.stringify(`${answer}\n`)})`
    instance.serve('', `import { writeSync } from 'node:fs'\n${write}\nfor (;;) {}`)
    const result = await instance.run(['--check'])
    assert.deepEqual(result.code, 1, result.stderr)
    assert.match(result.stdout + result.stderr, /while it was evaluated|makes no sense/)
  })
}

const programs: readonly (readonly [string, string, RegExp | null])[] = [
  ['syntax.cjs', '\nlet port = ;', /syntax\.cjs:2: syntax error: Unexpected token/],
  ['package.mjs', "\nimport x from 'not-there'", /package\.mjs:2: there is no package not-there/],
  ['file.mjs', "\nimport './gone.js'", /file\.mjs:2: there is no \S*\/gone\.js/],
  ['enum.ts', '\nenum Size { Small }', /enum\.ts:2: TypeScript’s enum is more than a type/],
  ['good.cjs', "const express = require('express')\nconst app = express()\napp.listen(0)", null],
  ['good.mjs', "import { createServer } from 'node:http'\nawait 0\ncreateServer().listen(0)", null],
]

for (const [name, text, problem] of programs) {
  test(`--check of ${name}, which does not use myd: ${problem?.source ?? 'it can begin'}`, async (t) => {
    const instance = createInstance(t)
    writeFileSync(instance.path(name), text)
    instance.useService(instance.path(name))
    const { code, stdout } = await instance.run(['--check'])
    assert.equal(code, problem === null ? 0 : 1, stdout)
    if (problem !== null) assert.match(stdout.replace(/\s+/g, ' '), problem)
  })
}

test('with NODE_OPTIONS that load what Node alone cannot, what is missing is not judged', async (t) => {
  const instance = createInstance(t)
  instance.serveFile("import 'not-there'")
  const { stdout } = await instance.run(['--check'], { environment: { NODE_OPTIONS: '--no-warnings -r node:fs' } })
  assert.doesNotMatch(stdout, /not-there/)
})
