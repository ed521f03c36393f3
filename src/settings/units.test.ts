import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatBytes, formatDurationValue, formatSizeValue, parseDuration, parseSize } from './units.ts'

test('durations', () => {
  const rows: [string, number | null][] = [
    ['0s', 0],
    ['500ms', 500],
    ['30s', 30_000],
    ['1.5m', 90_000],
    ['1h30m', 5_400_000],
    ['2d', 172_800_000],
    ['30', null],
    ['', null],
    ['-1s', null],
    ['1 s', null],
    ['1e3s', null],
    ['.5s', null],
    ['30S', null],
    ['5 minutes', null],
  ]
  for (const [text, expected] of rows) assert.equal(parseDuration(text), expected, text)
})

test('sizes', () => {
  const rows: [string, number | null][] = [
    ['0B', 0],
    ['16KiB', 16_384],
    ['1.5MiB', 1_572_864],
    ['10MB', 10_000_000],
    ['1kB', 1000],
    ['64', null],
    ['64M', null],
    ['64mib', null],
    ['-1B', null],
  ]
  for (const [text, expected] of rows) assert.equal(parseSize(text), expected, text)
})

test('what is formatted is parsed to the same', () => {
  for (const ms of [0, 1, 999, 1000, 60_000, 90_000, 120_000, 3_600_000, 7_200_001, 86_400_000 * 3]) {
    assert.equal(parseDuration(formatDurationValue(ms)), ms)
  }
  for (const bytes of [0, 1, 1000, 1024, 1025, 2 ** 20 * 64, 2 ** 40]) {
    assert.equal(parseSize(formatSizeValue(bytes)), bytes)
  }
})

test('values are written as people would', () => {
  assert.deepEqual([300_000, 60_000, 90_000].map(formatDurationValue), ['5m', '60s', '90s'])
  assert.deepEqual([16_384, 1000].map(formatSizeValue), ['16KiB', '1000B'])
  assert.deepEqual([512, 1536, 250 * 2 ** 20].map(formatBytes), ['512 B', '1.5 KiB', '250 MiB'])
})
