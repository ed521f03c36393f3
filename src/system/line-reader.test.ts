import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../../test/support/random.ts'
import { createLineReader, LINE_LIMIT_BYTES, parseLine, toLine } from './line-reader.ts'

/** What a reader makes of chunks. */
function read(chunks: readonly (string | Buffer)[], limitBytes?: number): { lines: string[]; tooLong: number[] } {
  const lines: string[] = []
  const tooLong: number[] = []
  const take = createLineReader(
    (line) => lines.push(line),
    (limit) => tooLong.push(limit),
    limitBytes,
  )
  for (const chunk of chunks) take(Buffer.from(chunk as string))
  return { lines, tooLong }
}

test('lines as they come, whole or in pieces', () => {
  assert.deepEqual(read(['a\nb\n', 'c', 'd\n', '\n', 'e']).lines, ['a', 'b', 'cd'])
  assert.deepEqual(read(['\n\n\na\n']).lines, ['a'])
  assert.deepEqual(read(['']).lines, [])
})

test('a character may be cut anywhere', () => {
  const bytes = Buffer.from('größe 漢字 🙂\n')
  assert.deepEqual(read([...bytes].map((byte) => Buffer.of(byte))).lines, ['größe 漢字 🙂'])
})

test('any cutting gives the same lines', () => {
  const seed = Math.floor(Math.random() * 2 ** 32)
  const random = createRandom(seed)
  for (let times = 0; times < 200; times++) {
    const lines = Array.from({ length: 1 + random.below(8) }, () => 'ü'.repeat(1 + random.below(40)))
    let rest = Buffer.from(lines.map((line) => `${line}\n`).join(''))
    const chunks: Buffer[] = []
    while (rest.length > 0) {
      const size = 1 + random.below(60)
      chunks.push(rest.subarray(0, size))
      rest = rest.subarray(size)
    }
    assert.deepEqual(read(chunks), { lines, tooLong: [] }, `seed ${seed}`)
  }
})

test('a line over the limit ends it: told once, nothing is delivered after it', () => {
  assert.deepEqual(read(['1234\n', '12345\n', '1\n'], 4), { lines: ['1234'], tooLong: [4] })
  assert.deepEqual(read(['12', '34', '5', '6\n7\n'], 4), { lines: [], tooLong: [4] })
  assert.deepEqual(read(['1\n12345\n1\n'], 4), { lines: ['1'], tooLong: [4] })
})

test('the limit counts bytes', () => {
  assert.deepEqual(read(['üü\n'], 4), { lines: ['üü'], tooLong: [] })
  assert.deepEqual(read(['üüü\n'], 4), { lines: [], tooLong: [4] })
  assert.equal(LINE_LIMIT_BYTES, 1024 * 1024)
})

test('a message is one line, whatever is in it', () => {
  const message = { text: 'a\nb\u2028\0', list: [1, null] }
  const line = toLine(message)
  assert.equal(line.indexOf('\n'), line.length - 1)
  assert.deepEqual(parseLine(line.trimEnd()), message)
})

test('only an object is a message', () => {
  for (const line of ['', 'x', '{', '1', 'null', 'true', '"a"', '[]', '[{}]', '{"a":1}x', 'NaN']) {
    assert.equal(parseLine(line), null, line)
  }
  assert.deepEqual(parseLine('{}'), {})
})
