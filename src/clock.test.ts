import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatDuration, monotonicMicroseconds, monotonicMs, toIso, wallMs } from './clock.ts'

test('durations for people', () => {
  const rows: [number, string][] = [
    [0, '0 ms'],
    [850.4, '850 ms'],
    [999, '999 ms'],
    [1000, '1.0 s'],
    [3249, '3.2 s'],
    [59_900, '59.9 s'],
    [60_000, '1 m 0 s'],
    [250_999, '4 m 10 s'],
    [3_599_999, '59 m 59 s'],
    [3_600_000, '1 h 0 m'],
    [11_159_000, '3 h 5 m'],
    [86_400_000, '1 d 0 h'],
    [187_200_000, '2 d 4 h'],
  ]
  for (const [ms, expected] of rows) assert.equal(formatDuration(ms), expected)
})

test('no unit is shown as full', () => {
  for (const ms of [999.6, 59_960, 59_999]) assert.doesNotMatch(formatDuration(ms), /^1000 ms|^60\.0 s/, String(ms))
})

test('times', () => {
  assert.equal(toIso(0), '1970-01-01T00:00:00.000Z')
  assert.equal(toIso(1_790_000_000_123), '2026-09-21T14:13:20.123Z')
  assert.ok(Number.isInteger(monotonicMs()) && Number.isInteger(wallMs()))
  const before = monotonicMs()
  assert.ok(monotonicMs() >= before)
  assert.ok(Number.isInteger(monotonicMicroseconds()))
  assert.equal(Math.sign(monotonicMicroseconds() - before * 1000), 1)
})
