import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rolling, rollToEnd } from '../../test/support/rolling-reload.ts'
import { SimulatedDaemon } from '../../test/support/simulated-daemon.ts'
import { code, eventsOf, namesOf, POLICY } from '../../test/support/supervision.ts'

/** How many places have a worker that is ready. */
const readyPlaces = (daemon: SimulatedDaemon) =>
  daemon.state.places.filter(({ current }) => current.state.name === 'ready').length

test('the settings are read first, then place by place: start, wait until it is stable, drain the old one', () => {
  const daemon = SimulatedDaemon.running(2)
  assert.deepEqual(namesOf(daemon.signal('SIGHUP')), ['signal.received', 'load-settings'])
  daemon.take()
  daemon.loadSettings()
  assert.deepEqual(namesOf(daemon.take()), ['adopt-settings', 'reload.started', 'spawn'])
  daemon.ready(1)
  daemon.advance(POLICY.stableMs - 1)
  assert.deepEqual(daemon.places(), ['ready+ready', 'ready'])
  daemon.take()
  daemon.advance(1)
  assert.deepEqual(namesOf(daemon.take()), ['drain'])
  assert.deepEqual(daemon.places(), ['ready+draining', 'ready'])
  daemon.exit(0, code(0))
  assert.deepEqual(daemon.places(), ['ready', 'ready+starting'])
  daemon.ready(3)
  daemon.advance(POLICY.stableMs)
  daemon.exit(2, code(0))
  assert.deepEqual(daemon.places(), ['ready', 'ready'])
  assert.deepEqual(daemon.workerSeats(), [1, 3])
  assert.equal(daemon.state.reload.name, 'idle')
  const [done] = eventsOf(daemon.actions, 'reload.done')
  assert.deepEqual(done, { type: 'reload.done', generation: 2, tookMs: 2 * POLICY.stableMs })
})

test('who asked is answered when the last one is replaced', () => {
  const { daemon, id } = rolling(3)
  rollToEnd(daemon, () => assert.equal(daemon.answers.has(id), daemon.state.reload.name === 'idle'))
  assert.deepEqual(daemon.answers.get(id), { exit: 0, message: '3 workers replaced (generation 2)' })
})

test('surge 1: no place is ever below ready, and never is there more than one worker too many', () => {
  const { daemon } = rolling(4)
  let most = 0
  rollToEnd(daemon, () => {
    assert.equal(readyPlaces(daemon), 4)
    most = Math.max(most, daemon.workerSeats().length)
  })
  assert.equal(most, 5)
})

test('the next successor waits until the one before has taken over and the old one is gone', () => {
  const { daemon } = rolling(2)
  daemon.ready(1)
  daemon.advance(POLICY.stableMs)
  daemon.advance(POLICY.stopTimeoutMs - 1)
  assert.deepEqual(daemon.places(), ['ready+draining', 'ready'])
  daemon.advance(1)
  assert.equal(daemon.at(0).order, 'kill')
  assert.deepEqual(daemon.places(), ['ready+killing', 'ready'])
  daemon.exitOrdered()
  assert.deepEqual(daemon.places(), ['ready', 'ready+starting'])
})

test('a new policy counts from then on', () => {
  const daemon = SimulatedDaemon.running(1)
  daemon.request({ type: 'reload' })
  daemon.loadSettings(null, { ...POLICY, stableMs: 0 })
  daemon.ready(1)
  assert.deepEqual(daemon.places(), ['ready+draining'])
})

test('a storm of a hundred HUPs is one reload, and one more', () => {
  const daemon = SimulatedDaemon.running(2)
  for (let times = 0; times < 100; times++) daemon.signal('SIGHUP')
  assert.equal(daemon.pendingLoads, 1)
  rollToEnd(daemon)
  assert.equal(daemon.state.generation, 3)
  assert.equal(eventsOf(daemon.actions, 'reload.done').length, 2)
})

test('who asks while one runs gets the outcome of the next', () => {
  const { daemon, id } = rolling(1)
  const late = [daemon.request({ type: 'reload' }), daemon.request({ type: 'reload' })]
  daemon.exit(1, code(1))
  assert.equal(daemon.answers.get(id)?.exit, 1)
  assert.equal(daemon.pendingLoads, 1)
  assert.ok(late.every((one) => !daemon.answers.has(one)))
  rollToEnd(daemon)
  assert.deepEqual(
    late.map((one) => daemon.answers.get(one)?.exit),
    [0, 0],
  )
})

test('a reload counts as a restart of each place, not as a death', () => {
  const { daemon } = rolling(1)
  rollToEnd(daemon)
  const { restarts, deaths } = daemon.state.places[0]!.current
  assert.deepEqual([restarts, deaths], [1, []])
})
