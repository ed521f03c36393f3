import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseChecks, parseDescription } from './parse-description.ts'

const whole = {
  kind: 'defined',
  name: 'thumbs',
  settings: {
    width: { type: 'integer', default: 320, help: 'Width', min: 1, max: 9 },
    hosts: { type: 'list', default: ['a'], help: 'Hosts' },
    mode: { type: 'enum', values: ['a'], default: null, help: 'Mode' },
    key: { type: 'string', help: 'Key' },
  },
  jobTypes: ['resize'],
  isServing: true,
  error: null,
  advice: null,
}

test('a description is taken as it is, and nothing more', () => {
  assert.deepEqual(parseDescription({ ...whole, more: 1 }), whole)
  const empty = {
    kind: 'unmodified',
    name: null,
    settings: {},
    jobTypes: [],
    isServing: false,
    error: 'broken',
    advice: 'x',
  }
  assert.deepEqual(parseDescription(empty), empty)
})

test('anything else is none', () => {
  for (const name of Object.keys(whole)) {
    for (const wrong of [undefined, 1, [1], { a: 1 }, ...(name === 'isServing' ? [] : [true])]) {
      assert.equal(parseDescription({ ...whole, [name]: wrong }), null, `${name} ${JSON.stringify(wrong)}`)
    }
  }
  assert.equal(parseDescription({ ...whole, jobTypes: null }), null)
  assert.equal(parseDescription({}), null)
})

test('a schema of another shape is none', () => {
  const help = 'Width'
  const rows = [
    null,
    { type: 'integer' },
    { type: 'word', help },
    { type: 'octal', help },
    { type: 'integer', help, default: '320' },
    { type: 'integer', help, min: '1' },
    { type: 'enum', help },
    { type: 'enum', help, values: [1] },
    { type: 'list', help, default: [1] },
  ]
  for (const row of rows) {
    assert.equal(parseDescription({ ...whole, settings: { width: row } }), null, JSON.stringify(row))
  }
})

test('results of checks', () => {
  const checks = { 'it is so': null, 'or so': 'no' }
  assert.deepEqual(parseChecks({ checks }), checks)
  for (const wrong of [undefined, null, [], 1, { a: 1 }, { a: [] }]) assert.equal(parseChecks({ checks: wrong }), null)
})
