import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { type Finding, failure, ok, warning } from './finding.ts'
import { findingsToJson, renderFindings, summarise } from './render.ts'

const FINDINGS: readonly Finding[] = [
  ok('kernel', 'Linux 6.1'),
  warning('user', 'runs as root', 'Use another user'),
  { ...failure('settings', 'proc is "x", not a whole number', 'Write digits'), file: '/etc/myd.toml', line: 3 },
]

test('levels are words, advice has its own line, the last line counts', () => {
  const expected = `ok       kernel    Linux 6.1
warning  user      runs as root
                   → Use another user
failure  settings  /etc/myd.toml:3: proc is "x", not a whole number
                   → Write digits

1 check passed, 1 warning, 1 failure
`
  assert.equal(renderFindings(FINDINGS, { width: 80, color: false }), expected)
})

test('colour changes nothing else', () => {
  const colored = renderFindings(FINDINGS, { width: 80, color: true })
  assert.ok(colored.includes('\x1b[31mfailure\x1b[0m  settings'))
  assert.equal(stripVTControlCharacters(colored), renderFindings(FINDINGS, { width: 80, color: false }))
})

test('no line is wider than the terminal', () => {
  const long = [failure('settings', 'word '.repeat(50).trim(), 'advice '.repeat(30).trim())]
  for (const line of renderFindings(long, { width: 60, color: false }).split('\n')) assert.ok(line.length <= 60, line)
})

test('summary and JSON', () => {
  assert.equal(summarise([]), '0 checks passed, 0 warnings, 0 failures')
  const json = findingsToJson(FINDINGS)
  assert.deepEqual(json, { ok: false, passed: 1, warnings: 1, failures: 1, findings: FINDINGS })
  assert.equal(findingsToJson(FINDINGS.slice(0, 2)).ok, true)
})
