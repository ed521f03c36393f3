import assert from 'node:assert/strict'
import { test } from 'node:test'
import { editDistance, nearest } from './nearest.ts'

test('edit distance counts a swap once', () => {
  const rows: [string, string, number][] = [
    ['', '', 0],
    ['', 'abc', 3],
    ['start', 'strat', 1],
    ['reload', 'relaod', 1],
    ['status', 'satus', 1],
    ['kitten', 'sitting', 3],
  ]
  for (const [from, to, expected] of rows) {
    assert.equal(editDistance(from, to), expected, `${from} ${to}`)
    assert.equal(editDistance(to, from), expected, `${to} ${from}`)
  }
})

const VERBS = ['start', 'stop', 'restart', 'reload', 'status', 'scale', 'job', 'verify', 'help']

test('the nearest word, or none', () => {
  const rows: [string, string | null][] = [
    ['strat', 'start'],
    ['Status', 'status'],
    ['stpo', 'stop'],
    ['restrat', 'restart'],
    ['jobs', 'job'],
    ['frobnicate', null],
    ['', null],
    ['x', null],
  ]
  for (const [word, expected] of rows) assert.equal(nearest(word, VERBS), expected, word)
})

test('separators and case do not count', () => {
  assert.equal(nearest('jobs_retry_delay', ['jobs.retryDelay', 'restartDelay']), 'jobs.retryDelay')
  assert.equal(nearest('–proc', ['--proc', '--name']), '--proc')
})

test('of equally near words the first', () => {
  assert.equal(nearest('cat', ['bat', 'rat']), 'bat')
})
