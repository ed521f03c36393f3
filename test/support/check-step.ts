/** What must hold after every step of `decide`, whatever happened. */
import assert from 'node:assert/strict'
import { ableWorkers } from '../../src/master/lending.ts'
import { childOf } from '../../src/master/slot-state.ts'
import {
  allSlots,
  type MasterEvent,
  type MasterState,
  nextDeadline,
  type Step,
  workerSlots,
} from '../../src/master/state.ts'

export function checkStep(before: MasterState, event: MasterEvent, step: Step, now: number): void {
  const { state } = step
  checkSeats(state)
  checkEnd(before, step)
  checkSurge(state)
  checkLoans(state)
  if (before.phase.name === 'draining') checkStops(step)
  if (event.type !== 'deadline') return
  const due = nextDeadline(state)
  assert.ok(due === null || due >= now, `the next deadline (${due}) has passed (${now})`)
}

/** No worker is started any more; the store only while there is somebody who has results to report. */
function checkStops({ state, actions }: Step): void {
  const kinds = actions.flatMap((action) => (action.type === 'spawn' ? [action.kind] : []))
  assert.ok(!kinds.includes('worker'), 'a worker is started while draining')
  const isNeeded = state.departures.length > 0 || workerSlots(state).some((slot) => childOf(slot) !== null)
  assert.ok(isNeeded || !kinds.includes('store'), 'a store is started for nobody')
}

function checkSeats(state: MasterState): void {
  const children = allSlots(state).flatMap((slot) => childOf(slot) ?? [])
  const seats = children.map((child) => child.seat)
  assert.equal(new Set(seats).size, seats.length, `two children share a seat: ${seats.join(' ')}`)
  const ids = children.map((child) => child.id)
  assert.equal(new Set(ids).size, ids.length, `two children share an id: ${ids.join(' ')}`)
}

function checkEnd(before: MasterState, { state, actions }: Step): void {
  const at = actions.findIndex((action) => action.type === 'finish')
  const stopped = state.phase.name === 'stopped'
  assert.equal(at >= 0, stopped && before.phase.name !== 'stopped', '`finish` comes with the step to `stopped`')
  if (at < 0) return
  assert.equal(at, actions.length - 1, '`finish` is not the last action')
  assert.ok(
    allSlots(state).every((slot) => childOf(slot) === null),
    'the master ends before its children',
  )
  assert.deepEqual(state.departures, [], 'the master ends before the commands of its workers')
}

/** A reload has one successor at a time. */
function checkSurge(state: MasterState): void {
  const successors = state.places.flatMap(({ beside }) =>
    beside?.role === 'successor' ? [beside.slot.state.name] : [],
  )
  const coming = successors.filter((name) => name === 'starting' || name === 'ready')
  assert.ok(coming.length <= 1, `${coming.length} successors at once`)
}

/** A socket that nobody serves is in able hands, if there are any; one that its own worker serves is in no other's. */
function checkLoans(state: MasterState): void {
  if (state.phase.name === 'draining' || state.phase.name === 'stopped') return
  for (const { key, slot } of state.sockets) {
    if (slot === null) continue
    const able = ableWorkers(state, key)
    const isServed = able.some(({ seat }) => seat >> 1 === slot)
    const loans = state.loans.filter((loan) => loan.key === key && loan.slot === slot)
    const isLent = able.length > 0 && !isServed
    assert.equal(loans.length, isLent ? 1 : 0, `${key} of slot ${slot}: ${able.length} able workers`)
    for (const { borrower } of loans)
      assert.ok(
        able.some(({ id }) => id === borrower.id),
        'lent to an unable worker',
      )
  }
}
