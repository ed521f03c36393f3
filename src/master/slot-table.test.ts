/** The answer of a slot to every event in every state. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EVENT_TYPES, EVENTS, STATE_NAMES, STATES, slotIn, step } from '../../test/support/slot-states.ts'
import type { SlotEvent, SlotState } from './slot-state.ts'

const _ = 'unchanged'

/** The next state, and what is wanted. */
const ANSWERS: Record<SlotState['name'], Record<SlotEvent['type'], string>> = {
  empty: {
    start: 'starting: spawn',
    spawned: _,
    ready: _,
    listening: _,
    unlisten: _,
    pulse: _,
    draining: _,
    exited: _,
    drain: _,
    kill: _,
    deadline: _,
  },
  starting: {
    start: _,
    spawned: 'starting',
    ready: 'ready: ready',
    listening: 'starting',
    unlisten: _,
    pulse: 'starting',
    draining: _,
    exited: 'backoff: died backoff',
    drain: 'draining: terminate',
    kill: 'killing: kill',
    deadline: 'killing: kill',
  },
  ready: {
    start: _,
    spawned: 'ready',
    ready: _,
    listening: 'ready',
    unlisten: _,
    pulse: 'ready',
    draining: 'draining: drain',
    exited: 'backoff: died backoff',
    drain: 'draining: drain',
    kill: 'killing: kill',
    deadline: _,
  },
  draining: {
    start: _,
    spawned: 'draining',
    ready: _,
    listening: 'draining',
    unlisten: _,
    pulse: 'draining',
    draining: _,
    exited: 'empty: died',
    drain: _,
    kill: 'killing: kill',
    deadline: 'killing: kill',
  },
  killing: {
    start: _,
    spawned: 'killing',
    ready: _,
    listening: 'killing',
    unlisten: _,
    pulse: 'killing',
    draining: _,
    exited: 'empty: died',
    drain: _,
    kill: _,
    deadline: 'killing: unkillable',
  },
  backoff: {
    start: 'starting: spawn',
    spawned: _,
    ready: _,
    listening: _,
    unlisten: _,
    pulse: _,
    draining: _,
    exited: _,
    drain: 'empty',
    kill: 'empty',
    deadline: 'starting: spawn',
  },
  failed: {
    start: 'starting: spawn',
    spawned: _,
    ready: _,
    listening: _,
    unlisten: _,
    pulse: _,
    draining: _,
    exited: _,
    drain: 'empty',
    kill: 'empty',
    deadline: 'starting: spawn',
  },
}

test('the table knows every state and every event', () => {
  assert.deepEqual(Object.keys(ANSWERS).sort(), [...STATE_NAMES].sort())
  for (const name of STATE_NAMES) assert.deepEqual(Object.keys(ANSWERS[name]).sort(), [...EVENT_TYPES].sort(), name)
})

for (const name of STATE_NAMES) {
  test(`${name}: the answer to every event`, () => {
    for (const type of EVENT_TYPES) {
      const before = slotIn(STATES[name])
      const { slot, effects } = step(before, EVENTS[type])
      const wants = effects.map((effect) => effect.type).join(' ')
      const same = JSON.stringify(slot) === JSON.stringify(before) && wants === ''
      const answer = same ? _ : [slot.state.name, ...(wants === '' ? [] : [wants])].join(': ')
      assert.equal(answer, ANSWERS[name][type], `${name} × ${type}`)
    }
  })
}
