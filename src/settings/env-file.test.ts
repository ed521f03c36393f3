import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseEnv } from 'node:util'
import { findMalformed } from './env-file.ts'

const rows: readonly (readonly [string, number | null])[] = [
  ['', null],
  ['A=1', null],
  ['\n  A = 1 # x\n\t#c\nexport B=2\r\nC=\n', null],
  ['A="1\n2" # x\nB=\'"\'\nC=`\n\n`\nD=a"b', null],
  ['A_b.c-d=x=y', null],
  ['A', 1],
  ['A=1\nB C=2', 2],
  ['A=1\n=2\n', 2],
  ['A="1\nB=2', 1],
  ['1A=2', 1],
  ['A=1\n{"B": 2}', 2],
]

for (const [text, line] of rows) {
  test(JSON.stringify(text), () => assert.equal(findMalformed(text), line))
}

test('what is right is what Node understands', () => {
  const text = '\n  A = 1 # x\n\t#c\nexport B=2\r\nC="1\n2" # x\nD=\'"\'\nE=`\n\n`\nF=a"b\nG=\n'
  assert.equal(findMalformed(text), null)
  assert.deepEqual({ ...parseEnv(text) }, { A: '1', B: '2', C: '1\n2', D: '"', E: '\n\n', F: 'a"b', G: '' })
})
