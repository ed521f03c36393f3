import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEcho } from './echo.ts'

/** A stream whose reader takes what it is told to. */
function createStream() {
  const written: string[] = []
  const stream = {
    writableLength: 0,
    write(text: string) {
      written.push(text)
      stream.writableLength += text.length
      return true
    },
  }
  return { stream, written }
}

test('lines go out as they are', () => {
  const { stream, written } = createStream()
  const echo = createEcho(stream)
  echo('one\n')
  echo('two\n')
  assert.deepEqual(written, ['one\n', 'two\n'])
})

test('while nobody reads, what waits is bounded; then it is told how much is missing, once', () => {
  const { stream, written } = createStream()
  const echo = createEcho(stream)
  const line = `${'x'.repeat(99_999)}\n`
  for (let count = 0; count < 100; count += 1) echo(line)
  assert.ok(stream.writableLength <= 1_200_000, String(stream.writableLength))
  const shown = written.length
  stream.writableLength = 0
  echo('after\n')
  echo('again\n')
  assert.match(written[shown] ?? '', new RegExp(`^myd: ${100 - shown} lines .* not shown.*\\n$`))
  assert.deepEqual(written.slice(shown + 1), ['after\n', 'again\n'])
})
