import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDescription } from './parse-description.ts'

const whole = { name: 'thumbs', jobTypes: ['resize'], checks: { 'it is so': null, 'or so': 'no' }, error: null }

test('a description is taken as it is, and nothing more', () => {
  assert.deepEqual(parseDescription({ ...whole, more: 1 }), whole)
  const empty = { name: null, jobTypes: [], checks: {}, error: 'broken' }
  assert.deepEqual(parseDescription(empty), empty)
})

test('anything else is none', () => {
  for (const name of Object.keys(whole)) {
    for (const wrong of [undefined, 1, [1], { a: 1 }, true]) {
      assert.equal(parseDescription({ ...whole, [name]: wrong }), null, `${name} ${JSON.stringify(wrong)}`)
    }
  }
  assert.equal(parseDescription({ ...whole, jobTypes: null }), null)
  assert.equal(parseDescription({ ...whole, checks: null }), null)
  assert.equal(parseDescription({ ...whole, checks: [] }), null)
  assert.equal(parseDescription({}), null)
})
