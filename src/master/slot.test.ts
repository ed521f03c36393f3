import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BERTH, CHILD, EVENTS, NOW, STATE_NAMES, STATES, slotIn, step } from '../../test/support/slot-states.ts'
import { code, killedBy, POLICY } from '../../test/support/supervision.ts'
import { emptySlot, type SlotState, UNKILLABLE_AFTER_MS } from './slot-state.ts'

test('a deadline that is not due yet changes nothing', () => {
  for (const name of STATE_NAMES) {
    const before = slotIn(STATES[name])
    assert.deepEqual(step(before, EVENTS.deadline, NOW - 1), { slot: before, effects: [] }, name)
  }
})

test('a start gives the child its berth and a time to be ready by', () => {
  const { slot, effects } = step(slotIn({ name: 'empty' }), EVENTS.start)
  const child = { ...BERTH, pid: null, startedAt: NOW, keys: [], isLate: false }
  assert.deepEqual(slot.state, { name: 'starting', child, deadline: NOW + POLICY.bootTimeoutMs })
  assert.deepEqual(effects, [{ type: 'spawn', child }])
})

test('the first start is no restart, every other one is', () => {
  const first = step(emptySlot(0), EVENTS.start).slot
  assert.equal(first.restarts, 0)
  assert.equal(step(slotIn(STATES.backoff, { restarts: first.restarts }), EVENTS.deadline).slot.restarts, 1)
})

test('a pid is noted in whatever state the child is', () => {
  for (const name of ['starting', 'ready', 'draining', 'killing'] as const) {
    const { state } = step(slotIn(STATES[name]), EVENTS.spawned).slot
    assert.deepEqual(state, { ...STATES[name], child: { ...CHILD, pid: 99 } })
  }
})

test('ready tells how long the boot took', () => {
  const { slot, effects } = step(slotIn(STATES.starting), EVENTS.ready)
  assert.deepEqual(slot.state, { name: 'ready', child: CHILD, readyAt: NOW })
  assert.deepEqual(effects, [{ type: 'ready', child: CHILD, bootMs: 5000 }])
})

test('the kill ladder: drain, KILL when its time has passed, told when even that does not help', () => {
  const draining = step(slotIn(STATES.ready), EVENTS.drain).slot
  const { stopTimeoutMs } = POLICY
  assert.deepEqual(draining.state, { name: 'draining', child: CHILD, deadline: NOW + stopTimeoutMs, cause: 'scale' })
  const late = NOW + stopTimeoutMs
  const killing = step(draining, EVENTS.deadline, late)
  const deadline = late + UNKILLABLE_AFTER_MS
  assert.deepEqual(killing.slot.state, { name: 'killing', child: CHILD, deadline, cause: 'stop-timeout' })
  assert.deepEqual(killing.effects, [{ type: 'kill', child: CHILD, cause: 'stop-timeout' }])
  const hanging = step(killing.slot, EVENTS.deadline, deadline)
  assert.deepEqual(hanging.effects, [{ type: 'unkillable', child: CHILD }])
  assert.deepEqual(hanging.slot.state, { ...killing.slot.state, deadline: deadline + UNKILLABLE_AFTER_MS })
})

test('a death says who, how, by whose order, and whether it was ready', () => {
  const rows: [SlotState, string | null, boolean][] = [
    [STATES.starting, null, false],
    [STATES.ready, null, true],
    [STATES.draining, 'reload', true],
    [STATES.killing, 'quit', true],
  ]
  for (const [state, cause, wasReady] of rows) {
    const { slot, effects } = step(slotIn(state), EVENTS.exited)
    const { reason } = EVENTS.exited
    assert.deepEqual(effects[0], { type: 'died', child: CHILD, reason, cause, wasReady }, state.name)
    assert.deepEqual(slot.lastExit, reason)
  }
})

test('a death that we ordered does not count', () => {
  for (const name of ['draining', 'killing'] as const) {
    assert.deepEqual(step(slotIn(STATES[name]), EVENTS.exited).slot.deaths, [], name)
  }
})

test('a boot that took too long counts although we ended it', () => {
  const killing = step(slotIn(STATES.starting), EVENTS.deadline).slot
  const { slot, effects } = step(killing, { ...EVENTS.exited, reason: killedBy('SIGKILL') })
  assert.deepEqual(slot.deaths, [NOW])
  assert.equal(slot.state.name, 'backoff')
  assert.deepEqual(
    effects.map((effect) => effect.type),
    ['died', 'backoff'],
  )
})

test('who was up long enough is started again at once', () => {
  const state: SlotState = { name: 'ready', child: CHILD, readyAt: NOW - POLICY.uptimeResetMs - 1 }
  const { slot, effects } = step(slotIn(state), EVENTS.exited)
  const child = { ...BERTH, pid: null, startedAt: NOW, keys: [], isLate: false }
  assert.deepEqual(slot.state, { name: 'starting', child, deadline: NOW + POLICY.bootTimeoutMs })
  assert.deepEqual(effects.at(-1), { type: 'spawn', child })
  assert.equal(slot.restarts, 1)
})

test('only deaths within the window count', () => {
  const old = [NOW - POLICY.restartWindowMs, NOW - POLICY.restartWindowMs + 1, NOW - 10]
  const { slot } = step(slotIn(STATES.ready, { deaths: old }), EVENTS.exited)
  assert.deepEqual(slot.deaths, [old[1], old[2], NOW])
})

test('too many deaths: failed, and tried again later', () => {
  const deaths = [NOW - 40, NOW - 30, NOW - 20, NOW - 10]
  const { slot, effects } = step(slotIn(STATES.starting, { deaths }), EVENTS.exited)
  const exit = EVENTS.exited.reason
  assert.deepEqual(slot.state, { name: 'failed', deadline: NOW + POLICY.failedRetryMs, exit })
  assert.deepEqual(effects.at(-1), { type: 'failed', retryMs: POLICY.failedRetryMs, deaths: 5 })
})

test('exit 78: failed for good', () => {
  const { slot } = step(slotIn(STATES.ready), { ...EVENTS.exited, reason: code(78) })
  assert.deepEqual(slot.state, { name: 'failed', deadline: null, exit: code(78) })
  assert.deepEqual(step(slot, EVENTS.deadline, NOW + 1e12).slot, slot)
})

test('where nobody is to follow, a death of any kind leaves the slot empty', () => {
  for (const name of ['starting', 'ready', 'draining', 'killing'] as const) {
    const { slot, effects } = step(slotIn(STATES[name]), { ...EVENTS.exited, berth: null })
    assert.deepEqual([slot.state, effects.length], [{ name: 'empty' }, 1], name)
  }
  for (const name of ['backoff', 'failed'] as const) {
    const { slot, effects } = step(slotIn(STATES[name]), { type: 'deadline', berth: null })
    assert.deepEqual([slot.state, effects.length], [{ name: 'empty' }, 0], name)
  }
})
