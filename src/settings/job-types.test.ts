import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isOfJobType, readJobTypes } from './job-types.ts'
import type { Settings } from './table.ts'
import { parseToml } from './toml.ts'

const SETTINGS = {
  'jobs.attempts': 4,
  'jobs.timeout': 0,
  'jobs.retryDelay': 1000,
  'jobs.retryDelayMax': 300_000,
} as Settings

function read(toml: string, needsCommand = true) {
  const parsed = parseToml(toml)
  assert.ok(parsed.ok)
  const entries = parsed.entries.filter(isOfJobType)
  return readJobTypes(entries, { settings: SETTINGS, file: '/etc/myd/myd.toml', needsCommand })
}

test('what a type does not say follows from the settings', () => {
  const { jobTypes, findings } = read(`[jobs]
attempts = 9
[jobs.resize]
command = ["./bin/resize", "--fast"]
timeout = "30s"
priority = -5
[jobs.mail]
command = ["sendmail"]
attempts = 1
`)
  assert.deepEqual(findings, [])
  const resize = { command: ['/etc/myd/bin/resize', '--fast'], attempts: 4, timeoutMs: 30_000, priority: -5 }
  const mail = { command: ['sendmail'], attempts: 1, timeoutMs: 0, priority: 0 }
  assert.deepEqual(jobTypes, { resize: { ...resize, retryDelayMs: 1000 }, mail: { ...mail, retryDelayMs: 1000 } })
})

test('everything wrong is told with its line', () => {
  const { findings, jobTypes } = read(`[jobs.noop]
[jobs.attempts]
[jobs."a/b"]
[jobs.__proto__]
[jobs.x]
comand = ["a"]
[jobs.y]
command = []
timeout = 3
[jobs.z]
command = ["a"]
retryDelay = "1h"
`)
  assert.deepEqual(
    findings.map(({ line, message }) => `${line} ${message}`),
    [
      '1 the type of jobs "noop" is built in',
      '2 jobs.attempts is a setting and cannot be a type of jobs',
      '3 "a/b" cannot be the name of a type of jobs',
      '4 "__proto__" cannot be the name of a type of jobs',
      '6 there is no setting jobs.x.comand',
      '5 nothing can run jobs of type x',
      '8 jobs.y.command names no program',
      '9 jobs.y.timeout is 3, not a duration',
      '10 jobs.z.retryDelay is longer than jobs.retryDelayMax',
    ],
  )
  assert.equal(findings[4]?.advice, 'Did you mean command?')
  assert.deepEqual(Object.keys(jobTypes), ['x', 'y', 'z'])
})

test('a service runs types without a command', () => {
  const { jobTypes, findings } = read('[jobs.x]\npriority = 3', false)
  assert.deepEqual(findings, [])
  assert.deepEqual(jobTypes.x?.command, [])
  assert.equal(jobTypes.x?.priority, 3)
})
