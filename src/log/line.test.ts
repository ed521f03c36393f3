import assert from 'node:assert/strict'
import { test } from 'node:test'
import { escapeControl, formatLine, LOG_LINE_LIMIT } from './line.ts'

const TIME = '2026-11-20T10:00:00.000Z'

test('time, level, event, sentence, line feed', () => {
  const worded = { level: 'info', event: 'child.ready', sentence: 'worker 0 (pid 12) is ready' } as const
  assert.equal(formatLine(worded, TIME), `${TIME} info child.ready: worker 0 (pid 12) is ready\n`)
})

test('what a child prints is one line, and drives no terminal', () => {
  const rows: [string, string][] = [
    ['a\nb', 'a\\nb'],
    ['a\r\nb', 'a\\x0d\\nb'],
    ['\x1b[2J\x07\x00', '\\x1b[2J\\x07\\x00'],
    ['\x7f\x9b1m\x85', '\\x7f\\x9b1m\\x85'],
    ['tab\tstays', 'tab\tstays'],
    ['größer – 漢字 🙂', 'größer – 漢字 🙂'],
  ]
  for (const [text, expected] of rows) assert.equal(escapeControl(text), expected)
  const forged = { level: 'info', event: 'child.output', sentence: `x\n${TIME} error daemon.failed: no` } as const
  assert.equal(formatLine(forged, TIME).split('\n').length, 2)
})

test('a line has its limit', () => {
  const line = formatLine({ level: 'info', event: 'child.output', sentence: 'x'.repeat(100_000) }, TIME)
  assert.equal(line.length, LOG_LINE_LIMIT + 2)
  assert.ok(line.endsWith('x…\n'))
})
