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
  ["const broken = 'no end\nimport 'a'", ['a']],
  ['`no end', []],
]

for (const [source, found] of rows) {
  test(JSON.stringify(source), () => assert.deepEqual(findImports(source), found))
}

test('a large file takes no time', () => {
  const source = `${"const a = { b: 'c', d: `e` } / 2 // f\n".repeat(20_000)}import 'z'`
  assert.deepEqual(findImports(source), ['z'])
})
