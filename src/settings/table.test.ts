import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isProblem, parseSetting } from './parse-setting.ts'
import { BUILT_IN_JOB_TYPES, flagOf, rowOf, SETTING_NAMES, settingOfVariable, variableOf } from './table.ts'

test('every default is a right value of its own setting', () => {
  for (const name of SETTING_NAMES) {
    const row = rowOf(name)
    if (row.default === null || row.computed) continue
    const parsed = parseSetting(row, row.default)
    assert.ok(!isProblem(parsed), `${name} ${isProblem(parsed) ? parsed.problem : ''}`)
  }
})

test('variables follow from names, each from one', () => {
  assert.equal(variableOf('jobs.retryDelay'), 'MYD_JOBS_RETRY_DELAY')
  assert.equal(variableOf('log.level'), 'MYD_LOG_LEVEL')
  assert.equal(variableOf('proc'), 'MYD_PROC')
  for (const name of SETTING_NAMES) assert.equal(settingOfVariable(variableOf(name)), name)
})

test('no variable looks like one of ours that is none', () => {
  for (const name of SETTING_NAMES) assert.doesNotMatch(variableOf(name), /^MYD_(ROLE|INSTANCE|WORKER|JOB_.*)$/)
})

test('flags', () => {
  assert.equal(flagOf('proc'), '--proc')
  assert.equal(flagOf('jobs.attempts'), '--set jobs.attempts')
})

test('help is one sentence without full stop', () => {
  for (const name of SETTING_NAMES) {
    const { help } = rowOf(name)
    assert.match(help, /^[A-Z].*[^.]$/, name)
    assert.doesNotMatch(help, /\|/, name)
  }
})

test('no setting has the name of a built-in type of jobs', () => {
  for (const type of BUILT_IN_JOB_TYPES) assert.ok(!SETTING_NAMES.some((name) => name === `jobs.${type}`))
})
