import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseControlCommand } from './control.ts'

test('the commands of this version', () => {
  assert.deepEqual(parseControlCommand({ command: 'status', id: 1, more: true }), { command: 'status' })
  assert.deepEqual(parseControlCommand({ command: 'reload' }), { command: 'reload' })
  assert.deepEqual(parseControlCommand({ command: 'stop' }), { command: 'stop' })
  assert.deepEqual(parseControlCommand({ command: 'scale', proc: 1 }), { command: 'scale', proc: 1 })
  assert.deepEqual(parseControlCommand({ command: 'scale', proc: 1024 }), { command: 'scale', proc: 1024 })
})

test('anything else is none', () => {
  for (const proc of [undefined, null, 0, -1, 1025, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '8', [8], {}]) {
    assert.equal(parseControlCommand({ command: 'scale', proc }), null, String(proc))
  }
  for (const command of [undefined, null, '', 'quit', 'STATUS', 1, ['status'], { command: 'status' }, 'constructor']) {
    assert.equal(parseControlCommand({ command }), null, String(command))
  }
  assert.equal(parseControlCommand({}), null)
})
