import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseToml } from './toml.ts'

test('keys with their tables and lines', () => {
  const text = '# head\nproc = 8\njobs.attempts = 2\n\n[jobs."re.size"]\ncommand = ["a",\n "b"]\n'
  assert.deepEqual(parseToml(text), {
    ok: true,
    entries: [
      { key: ['proc'], value: { kind: 'integer', value: 8, text: '8' }, line: 2 },
      { key: ['jobs', 'attempts'], value: { kind: 'integer', value: 2, text: '2' }, line: 3 },
      { key: ['jobs', 're.size'], value: null, line: 5 },
      {
        key: ['jobs', 're.size', 'command'],
        value: {
          kind: 'list',
          items: [
            { kind: 'string', value: 'a' },
            { kind: 'string', value: 'b' },
          ],
        },
        line: 6,
      },
    ],
  })
})

test('an inline table is a table', () => {
  assert.deepEqual(parseToml('[jobs]\nresize = { timeout = "3s" }'), {
    ok: true,
    entries: [
      { key: ['jobs'], value: null, line: 1 },
      { key: ['jobs', 'resize'], value: null, line: 2 },
      { key: ['jobs', 'resize', 'timeout'], value: { kind: 'string', value: '3s' }, line: 2 },
    ],
  })
})

test('what no setting takes is named', () => {
  const result = parseToml('a = 1.5\nb = 2020-01-01\n[[c]]\nd = true\n')
  assert.ok(result.ok)
  assert.deepEqual(
    result.entries.map(({ value }) => value),
    [
      { kind: 'other', description: '1.5, a fraction' },
      { kind: 'other', description: '2020-01-01, a date' },
      { kind: 'other', description: 'a list of tables' },
    ],
  )
})

test('a syntax error has its line', () => {
  const rows: [string, number][] = [
    ['proc = 007', 1],
    ['a = 1\nb =\n', 2],
    ['a = 1\na = 2', 2],
    ['\n\n[x', 3],
    ['name = myd', 1],
  ]
  for (const [text, line] of rows) {
    const result = parseToml(text)
    assert.ok(!result.ok, text)
    assert.equal(result.line, line, text)
    assert.notEqual(result.problem, '')
  }
})

test('a byte order mark and CRLF do no harm', () => {
  const result = parseToml('\uFEFFproc = 1\r\nname = "x"\r\n')
  assert.ok(result.ok)
  assert.deepEqual(
    result.entries.map(({ line }) => line),
    [1, 2],
  )
})
