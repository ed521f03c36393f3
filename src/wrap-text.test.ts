import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wrapIndented, wrapText } from './wrap-text.ts'

test('breaks at spaces', () => {
  assert.deepEqual(wrapText('one two three', 7), ['one two', 'three'])
  assert.deepEqual(wrapText('', 7), [''])
})

test('breaks a word only when it is longer than a line', () => {
  assert.deepEqual(wrapText('see /a/long/path', 6), ['see', '/a/lon', 'g/path'])
})

test('shows control characters as ?', () => {
  assert.deepEqual(wrapText('a\x1b[2Jb\nc', 20), ['a?[2Jb?c'])
})

test('counts the beginnings of the lines', () => {
  assert.deepEqual(wrapIndented('one two three', 9, '- '), ['- one two', '  three'])
})
