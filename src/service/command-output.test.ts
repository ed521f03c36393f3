import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepOutputEnd } from './command-output.ts'

const keep = (limit: number, ...chunks: string[]): string => {
  const output = keepOutputEnd(limit)
  for (const chunk of chunks) output.add(Buffer.from(chunk))
  return output.text()
}

test('what fits is kept whole', () => {
  assert.equal(keep(10), '')
  assert.equal(keep(10, 'hello', 'world'), 'helloworld')
})

test('the end is kept, and what was cut is told', () => {
  assert.equal(keep(5, 'hello', 'world'), '[5 bytes before this were cut]\nworld')
})

test('however much comes, little is held', () => {
  const output = keepOutputEnd(4)
  for (let index = 0; index < 1000; index++) output.add(Buffer.alloc(1000, 'x'))
  output.add(Buffer.from('end!'))
  assert.equal(output.text(), '[1000000 bytes before this were cut]\nend!')
})
