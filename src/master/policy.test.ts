import assert from 'node:assert/strict'
import { test } from 'node:test'
import { POLICY } from '../../test/support/supervision.ts'
import { isProblem, parseSetting } from '../settings/parse-setting.ts'
import { rowOf, SETTING_NAMES, type Settings } from '../settings/table.ts'
import { policyOf } from './policy.ts'

test('the defaults of the settings, each in its place', () => {
  const defaults = SETTING_NAMES.flatMap((name) => {
    const row = rowOf(name)
    const parsed = row.computed || row.default === null ? null : parseSetting(row, row.default)
    return parsed === null || isProblem(parsed) ? [] : [[name, parsed.value] as const]
  })
  assert.deepEqual(policyOf(Object.fromEntries(defaults) as Settings), POLICY)
})
