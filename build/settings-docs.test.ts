import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { insertSettingsTable } from './settings-docs.ts'

test('the table goes between the markers', () => {
  const readme = insertSettingsTable('before\n<!-- settings -->\nold\n<!-- /settings -->\nafter\n')
  assert.match(readme ?? '', /^before\n<!-- settings -->\n\| Setting .*\n<!-- \/settings -->\nafter\n$/s)
  assert.doesNotMatch(readme ?? '', /old/)
  assert.equal(insertSettingsTable('no markers'), null)
})

test('the table in README.md is current', (context) => {
  const file = new URL('../README.md', import.meta.url)
  const readme = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const current = insertSettingsTable(readme)
  if (current === null) return context.skip('README.md has no table of settings')
  assert.equal(readme, current, 'run: node build/settings-docs.ts')
})
