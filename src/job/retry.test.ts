import assert from 'node:assert/strict'
import { test } from 'node:test'
import { retryDelayMs } from './retry.ts'

const MIDDLE = 0.5

test('the delay doubles with each failure, up to the limit', () => {
  const delays = [1, 2, 3, 4, 5, 6].map((failures) => retryDelayMs(failures, 1000, 10_000, MIDDLE))
  assert.deepEqual(delays, [1000, 2000, 4000, 8000, 10_000, 10_000])
})

test('a thousand failures do not overflow', () => {
  assert.equal(retryDelayMs(1000, 1000, 300_000, MIDDLE), 300_000)
})

test('the delay varies by 20 % and never passes the limit', () => {
  assert.equal(retryDelayMs(1, 1000, 10_000, 0), 800)
  assert.equal(retryDelayMs(1, 1000, 10_000, 0.999_999), 1200)
  assert.equal(retryDelayMs(9, 1000, 10_000, 0.999_999), 10_000)
  assert.equal(retryDelayMs(9, 1000, 10_000, 0), 8000)
})
