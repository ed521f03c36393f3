import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { closure, isOurs, PURE, RULES, violations } from '../test/support/import-rules.ts'
import { parseSource, readSources, type SourceFile } from '../test/support/source-file.ts'

let sources: SourceFile[]
before(async () => {
  sources = await readSources(join(process.cwd(), 'src'))
})

for (const rule of RULES) {
  test(rule.name, () => assert.deepEqual(violations(sources, rule), []))
}

test('pure files are there, and what they load is of no use of Node either', () => {
  for (const path of PURE) {
    assert.ok(
      sources.some((file) => file.path === path),
      `${path} is not there: PURE is out of date`,
    )
    const node = [...closure(path, sources)].filter((target) => target.startsWith('node:'))
    assert.deepEqual(node, [], `${path} loads Node by way of its imports`)
  }
})

test('no process that is a master loads a service, a store or a worker by any way', () => {
  for (const root of ['master/master.ts', 'command/daemon.ts', 'command/run.ts']) {
    const loaded = [...closure(root, sources)]
    assert.ok(loaded.length > 20)
    assert.deepEqual(
      loaded.filter((path) => /^(service|job|worker)\//.test(path)),
      [],
      root,
    )
  }
})

test('imports of files that are not there', () => {
  const paths = new Set(sources.map((file) => file.path))
  const missing = sources.flatMap(({ path, imports }) =>
    imports.filter((one) => isOurs(one) && !paths.has(one.target)).map(({ target }) => `${path} → ${target}`),
  )
  assert.deepEqual(missing, [])
})

test('each rule sees what it forbids, and lets pass what it allows', async () => {
  const rows: [rule: string, path: string, text: string, isWrong: boolean][] = [
    ['imports go one way', 'log/x.ts', "import { a } from '../master/slot.ts'", true],
    ['imports go one way', 'log/x.ts', "import { \n  a, \n  type B, \n } from '../master/slot.ts'", true],
    ['imports go one way', 'log/x.ts', "export * from '../master/slot.ts'", true],
    ['imports go one way', 'log/x.ts', "const a = () => import('../master/slot.ts')", true],
    ['imports go one way', 'x.ts', "import '../src/system/proc.ts'\nimport './system/proc.ts'", true],
    ['imports go one way', 'log/x.ts', "import type { A } from '../master/slot.ts'", false],
    ['imports go one way', 'log/x.ts', "import { a } from '../system/proc.ts'\nimport './clock.ts'", false],
    ['every folder has its place', 'util/x.ts', 'export const a = 1', true],
    ['every folder has its place', 'common/x.ts', 'export const a = 1', true],
    ['master and worker do not know each other', 'master/x.ts', "import type { A } from '../worker/worker.ts'", true],
    ['master and worker do not know each other', 'worker/x.ts', "import type { A } from '../master/slot.ts'", true],
    ['the master loads no service and no store', 'master/x.ts', "import { a } from '../job/job.ts'", true],
    ['the master loads no service and no store', 'master/x.ts', "import type { A } from '../job/job.ts'", false],
    ['native calls', 'ipc/x.ts', "import ffi from 'node:ffi'", true],
    ['pure files import nothing of Node', 'master/slot.ts', "import { a } from 'node:fs'", true],
    ['only main.ts ends the process', 'command/x.ts', 'export const a = () => process.exit(1)', true],
    ['only main.ts ends the process', 'command/x.ts', '// process.exit(1)\nexport const a = 1', false],
    ['only main.ts ends the process', 'command/x.ts', 'process.exitCode', false],
    ['signals are trapped where a process is made', 'log/x.ts', "export const a = () => process.on('SIGHUP', b)", true],
    ['signals are trapped where a process is made', 'worker/x.ts', "process.on('SIGHUP', b)", false],
    ['the environment is read in one place', 'log/x.ts', 'export const a = () => process.env.HOME', true],
    ['clock.ts alone reads the time', 'log/x.ts', 'export const a = () => Date.now()', true],
    ['clock.ts alone reads the time', 'log/x.ts', 'export const a = () => new Date()', true],
    ['clock.ts alone reads the time', 'log/x.ts', 'export const a = (t: number) => new Date(t)', false],
    ['nothing happens at import time', 'log/x.ts', 'start()', true],
    ['nothing happens at import time', 'log/x.ts', 'if (a) {\n  b()\n}', true],
    ['nothing happens at import time', 'log/x.ts', 'export class A {\n  b() {\n    c()\n  }\n}', false],
  ]
  for (const [name, path, text, isWrong] of rows) {
    const rule = RULES.find((one) => one.name === name)
    assert.ok(rule !== undefined, name)
    assert.equal(violations([await parseSource(path, text)], rule).length > 0, isWrong, `${name}: ${text}`)
  }
})
