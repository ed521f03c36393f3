import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MydError } from '../errors.ts'
import { toDuration, toInteger } from './job-command.ts'

const refuses = (read: () => unknown, hint: RegExp): void => {
  assert.throws(
    read,
    (error) => error instanceof MydError && error.code === 'USAGE' && hint.test(error.details.hint ?? ''),
  )
}

test('durations up to ten years', () => {
  assert.equal(toDuration('--delay', '1h30m'), 5_400_000)
  assert.equal(toDuration('--delay', '3650d'), 315_360_000_000)
  refuses(() => toDuration('--delay', '3651d'), /at most 3650d/)
  refuses(() => toDuration('--delay', '5'), /30s/)
})

test('whole numbers within their bounds', () => {
  assert.equal(toInteger('--priority', '-5', -10, 10), -5)
  for (const text of ['11', '1.5', '', '1e1']) refuses(() => toInteger('--priority', text, -10, 10), /from -10 to 10/)
})
