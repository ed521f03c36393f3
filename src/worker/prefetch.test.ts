import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextPrefetch } from './prefetch.ts'

test('short jobs double it up to the limit, any other brings it back to one', () => {
  assert.equal(nextPrefetch(1, 0, 10), 2)
  assert.equal(nextPrefetch(4, 1, 10), 8)
  assert.equal(nextPrefetch(8, 0, 10), 10)
  assert.equal(nextPrefetch(64, 2, 64), 1)
})
