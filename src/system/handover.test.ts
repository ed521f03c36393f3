import assert from 'node:assert/strict'
import { closeSync, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { afterEach, beforeEach, test } from 'node:test'
import { createHandoverPair, type HandoverPair, receiveDescriptor, sendDescriptor } from './handover.ts'

let pair: HandoverPair
let openBefore: number
const countOpen = () => readdirSync('/proc/self/fd').length

beforeEach(() => {
  openBefore = countOpen()
  pair = createHandoverPair()
})
afterEach(() => {
  closeSync(pair.ours)
  closeSync(pair.theirs)
  assert.equal(countOpen(), openBefore, 'a descriptor was left open')
})

test('a descriptor arrives with its number, in order, and close-on-exec', () => {
  assert.equal(receiveDescriptor(pair.theirs), null)
  const sent = openSync('/dev/null', 'r')
  const numbers = [0, 1, 4294967295]
  for (const number of numbers) assert.ok(sendDescriptor(pair.ours, sent, number))
  for (const number of numbers) {
    const received = receiveDescriptor(pair.theirs)
    assert.ok(received !== null)
    assert.equal(received.number, number)
    assert.notEqual(received.descriptor, sent)
    assert.equal(fstatSync(received.descriptor).rdev, fstatSync(sent).rdev)
    assert.match(readFileSync(`/proc/self/fdinfo/${received.descriptor}`, 'latin1'), /^flags:\s+02\d{6}$/m)
    closeSync(received.descriptor)
  }
  assert.equal(receiveDescriptor(pair.theirs), null)
  closeSync(sent)
})

test('a peer that takes nothing does not make the sender wait', () => {
  let sent = 0
  while (sent < 100_000 && sendDescriptor(pair.ours, pair.ours, sent)) sent++
  assert.ok(sent >= 100 && sent < 100_000, `${sent} were under way`)
  for (let number = 0; number < sent; number++) {
    const received = receiveDescriptor(pair.theirs)
    assert.equal(received?.number, number)
    closeSync(received.descriptor)
  }
  assert.ok(sendDescriptor(pair.ours, pair.ours, 0))
})

test('a peer that is gone', () => {
  const other = createHandoverPair()
  closeSync(other.theirs)
  assert.equal(sendDescriptor(other.ours, pair.ours, 1), false)
  assert.equal(receiveDescriptor(other.ours), null)
  closeSync(other.ours)
})

test('a descriptor that is not open is an error of the sender', () => {
  assert.throws(() => sendDescriptor(pair.ours, 99_999, 1), { code: 'EBADF', syscall: 'sendmsg' })
  assert.equal(receiveDescriptor(pair.theirs), null)
})
