import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findImports } from './find-imports.ts'

const rows: readonly (readonly [string, readonly string[]])[] = [
  ["import 'a'\nimport b from 'b'\nimport * as c from \"c\"", ['a', 'b', 'c']],
  ["import{d}from'd';import e,{f as g}from'e'", ['d', 'e']],
  ["import {\n  a, // from 'no'\n  b,\n} from 'x'", ['x']],
  ["import type from 'x'", ['x']],
  ["import type A from 'x'\nimport type { B } from 'y'\nimport type{C}from'z'\nimport { type D, type E } from 'w'", []],
  ["import { type A, b } from 'x'", ['x']],
  ["import {} from 'x'", []],
  ["import 'x' with { type: 'json' }", ['x']],
  ["export * from 'a'\nexport * as b from 'b'\nexport { c } from 'c'\nexport type { d } from 'd'", ['a', 'b', 'c']],
  ["export { a }\nconst from = 'x'", []],
  ["const a = require('a'), { b } = require( \"b\" ), c = await import('c')", ['a', 'b', 'c']],
  ["import('a', { with: {} })", ['a']],
  ["loader.require('a'); unimport('b'); $require('c'); require(d); require('e' + f)", []],
  ["// import 'a'\n/* import 'b'\n import 'c' */ import /* from 'd' */ 'e'", ['e']],
  ["const a = \"import 'b'\"; const c = 'require(\\'d\\')'", []],
  [`const a = \`import 'b' \${\`\${'}'} import 'c'\` + { d: 1 }.d} import 'e'\`; import 'f'`, ['f']],
  ["const a = /'/; import 'b'", ['b']],
  ["const a = b / c; import 'd' // '", ['d']],
  ['return /[/\'"]`/.test(x); import "y"', ['y']],
  ["a = x++ / 2; s = 'it'; b = (1) / 3; import 'z'", ['z']],
  ["import 'it\\'s'", ["it\\'s"]],
  ["import 'a'; import 'a'", ['a']],
  ["x = a++ / 2; import y from 'myd' // '", ['myd']],
  ["x = a-- / 2; import y from 'myd' // '", ['myd']],
  ["x = a + /'/.exec(b); import 'y'", ['y']],
  ["x = it.in / 2; import 'y' // '", ['y']],
  ["import types from 'types'; import typescript, { a } from 'typescript'", ['types', 'typescript']],
  ["import { type as a } from 'x'; import { type as as b } from 'y'", ['x']],
  ["import/* a */b/* c */from/* d */'x'", ['x']],
  ["import { import as a, $import } from 'x'; import $import from 'y'", ['x', 'y']],
  [
    `const a = \`\${await import('x')} import('no') \${/[\`]/.test(\`\${require('y')}\`)}\`; import 'z'`,
    ['z', 'x', 'y'],
  ],
  [`require(\`\${'x'}\`); require(\`y\`); import(\`\${'x'}\` + 'z')`, []],
  [`\`\${{ a: { b: '}' } }.a}\`; import 'x'`, ['x']],
  ["const broken = 'no end\nimport 'a'", ['a']],
  ['`no end', []],
]

for (const [source, found] of rows) {
  test(JSON.stringify(source), () => assert.deepEqual(findImports(source), found))
}

const LARGE = 200_000
const LIMIT_MS = 300
const repeated = [
  ...[
    'import a ',
    'importa ',
    'import {',
    'import{import}',
    'import ',
    'import',
    'from ',
    'import a from ',
    'import{a} ',
  ],
  ...[
    'export {',
    'export * as a ',
    'export * as ',
    'require(',
    "require('a'",
    "\\'",
    '\\"',
    '=/[',
    '=/\\/',
    '/*',
    '//',
  ],
  ...['`${', '`', '${', '}', '{', '/', "'", `\`\${a}`, '\\', '`$', ' ', '\n', "/**/ '\\\n'", 'a'],
]

for (const text of repeated) {
  test(`a large file takes no time: ${JSON.stringify(text)}`, () => {
    for (const before of ['', 'import', 'import {', 'export {', 'export * as ', '`', "'", '=/[']) {
      const source = `${before}${text.repeat(LARGE / text.length)}`
      const began = performance.now()
      findImports(source)
      const tookMs = performance.now() - began
      assert.ok(tookMs < LIMIT_MS, `${before}: ${tookMs} ms`)
    }
  })
}

test('a large file of what is usual', () => {
  const source = `${"const a = { b: 'c', d: `e` } / 2 // f\n".repeat(20_000)}import 'z'`
  assert.deepEqual(findImports(source), ['z'])
})
