import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { excerptSource, findPosition } from './source-excerpt.ts'

function createFile(context: TestContext, text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'excerpt-'))
  context.after(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'service.ts')
  writeFileSync(path, text)
  return path
}

const NOT_OURS = () => false

test('the first frame that is the author’s', () => {
  const stack = [
    'TypeError: x is not a function',
    '    at node:internal/timers:1:1',
    '    at new Pool (/srv/node_modules/pool/index.js:2:3)',
    '    at run (/opt/myd/src/worker/worker.ts:3:3)',
    '    at async Promise.all (index 0)',
    '    at async Object.<anonymous> (file:///srv/with%20space/app.ts:10:5)',
    '    at /srv/later.js:1:1',
  ].join('\n')
  const isOurs = (path: string): boolean => path.startsWith('/opt/myd/')
  assert.deepEqual(findPosition(stack, isOurs), { path: '/srv/with space/app.ts', line: 10, column: 5 })
})

test('other shapes of frames', () => {
  const rows: [string, ReturnType<typeof findPosition>][] = [
    ['    at async file:///srv/a.ts:1:2', { path: '/srv/a.ts', line: 1, column: 2 }],
    ['    at /srv/a (b)/c.js:1:2', { path: '/srv/a (b)/c.js', line: 1, column: 2 }],
    ['    at f (/srv/a (b)/c.js:1:2)', { path: '/srv/a (b)/c.js', line: 1, column: 2 }],
    ['file:///srv/a.ts:3\nlet = 1\n    ^\nSyntaxError: no', { path: '/srv/a.ts', line: 3, column: null }],
    ['    at f (/srv/node_modules/a.js:1:2)', { path: '/srv/node_modules/a.js', line: 1, column: 2 }],
    ['    at file://elsewhere/a.js:1:2', null],
    ['    at f (node:fs:1:2)\n    at g (<anonymous>)\n    at eval (eval at f)', null],
    ['nothing of the kind', null],
  ]
  for (const [stack, position] of rows) assert.deepEqual(findPosition(stack, NOT_OURS), position, stack)
})

test('the lines around it, with a mark under the column', (context) => {
  const path = createFile(context, 'one\ntwo\n\tlet x = y.z\n}\nlast')
  assert.equal(
    excerptSource({ path, line: 3, column: 12 }),
    [`${path}:3:12`, '  1 | one', '  2 | two', '> 3 | \tlet x = y.z', '    | \t          ^', '  4 | }'].join('\n'),
  )
  assert.equal(excerptSource({ path, line: 5, column: null }), `${path}:5\n  3 | \tlet x = y.z\n  4 | }\n> 5 | last`)
  assert.equal(excerptSource({ path, line: 1, column: 1 }), `${path}:1:1\n> 1 | one\n    | ^\n  2 | two`)
})

test('a line of a minified file is cut around the column', (context) => {
  const path = createFile(context, `${'a'.repeat(5000)}THERE${'b'.repeat(5000)}`)
  const [, line = '', mark = ''] = excerptSource({ path, line: 1, column: 5001 })?.split('\n') ?? []
  assert.equal(line.length, 126)
  assert.equal(line.slice(mark.indexOf('^')).slice(0, 5), 'THERE')
})

test('what cannot be read is no excerpt', (context) => {
  const path = createFile(context, 'one')
  mkdirSync(`${path}.d`)
  for (const position of [
    { path, line: 2 },
    { path: `${path}.none`, line: 1 },
    { path: `${path}.d`, line: 1 },
    { path: '/dev/zero', line: 1 },
  ]) {
    assert.equal(excerptSource({ ...position, column: 1 }), null)
  }
})

test('positions in TypeScript are true', async (context) => {
  const path = createFile(
    context,
    'interface A { b: number }\n\nexport function fail(a?: A): number {\n  return (a as A).b\n}\n',
  )
  const { fail } = await import(pathToFileURL(path).href)
  try {
    fail(undefined)
    assert.fail('it throws')
  } catch (error) {
    const position = findPosition((error as Error).stack ?? '', NOT_OURS)
    assert.match((position && excerptSource(position)) ?? '', /> 4 \| {3}return \(a as A\)\.b\n {4}\| {19}\^/)
  }
})
