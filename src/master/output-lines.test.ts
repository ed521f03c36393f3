import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createOutputLines } from './output-lines.ts'

/** The lines that these chunks make, limit 8 bytes. */
function linesOf(...chunks: string[]): string[] {
  const lines: string[] = []
  const output = createOutputLines((line) => lines.push(line), 8)
  for (const chunk of chunks) output.read(Buffer.from(chunk))
  output.end()
  return lines
}

test('lines, however the chunks fall; the last needs no end', () => {
  assert.deepEqual(linesOf('one\ntwo\n\nth', 'r', 'ee\nfo', 'ur'), ['one', 'two', 'three', 'four'])
  assert.deepEqual(linesOf('12345678\n'), ['12345678'])
  assert.deepEqual(linesOf(), [])
})

test('a line over the limit is cut once, and the next is whole', () => {
  const cut = '12345678 (cut, the line has 20 bytes)'
  assert.deepEqual(linesOf('12345678901234567890\nnext\n'), [cut, 'next'])
  assert.deepEqual(linesOf('12345', '67890', '1234567890', '\nnext'), [cut, 'next'])
  assert.deepEqual(linesOf('12345678901234567890'), [cut])
})
