import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rolling, rollToEnd } from '../../test/support/rolling-reload.ts'
import { SimulatedDaemon } from '../../test/support/simulated-daemon.ts'
import { code, eventsOf, killedBy, namesOf, POLICY } from '../../test/support/supervision.ts'

test('the successor dies: rejected, and the old one stays', () => {
  for (const isReady of [false, true]) {
    const { daemon, id } = rolling(2)
    if (isReady) daemon.ready(1)
    daemon.exit(1, killedBy('SIGSEGV'))
    const message = 'the new worker 0 ended before it was stable: SIGSEGV'
    assert.deepEqual(daemon.answers.get(id), { exit: 1, message })
    assert.deepEqual(eventsOf(daemon.actions, 'reload.rejected'), [{ type: 'reload.rejected', reason: message }])
    assert.deepEqual(
      [daemon.places(), daemon.workerSeats()],
      [
        ['ready', 'ready'],
        [0, 2],
      ],
    )
    assert.equal(daemon.state.reload.name, 'idle')
  }
})

test('the successor does not get ready: killed, rejected, the old one stays', () => {
  const { daemon, id } = rolling(1)
  daemon.advance(POLICY.bootTimeoutMs)
  assert.equal(daemon.at(1).order, 'kill')
  daemon.exitOrdered()
  assert.equal(daemon.answers.get(id)?.exit, 1)
  assert.deepEqual([daemon.places(), daemon.workerSeats()], [['ready'], [0]])
})

test('a successor that died is not tried again, however long it was up', () => {
  const daemon = SimulatedDaemon.running(1, { uptimeResetMs: 0 })
  daemon.request({ type: 'reload' })
  daemon.loadSettings()
  daemon.ready(1)
  daemon.advance(500)
  daemon.exit(1, code(1))
  assert.deepEqual(daemon.workerSeats(), [0])
})

test('settings that are wrong: nothing is touched', () => {
  const daemon = SimulatedDaemon.running(2)
  const id = daemon.request({ type: 'reload' })
  daemon.take()
  daemon.rejectSettings('myd.toml:3: proc: 0 is less than 1')
  assert.deepEqual(namesOf(daemon.take()), ['reload.rejected', 'answer'])
  assert.deepEqual(daemon.answers.get(id), { exit: 78, message: 'myd.toml:3: proc: 0 is less than 1' })
  assert.deepEqual([daemon.places(), daemon.state.generation], [['ready', 'ready'], 1])
})

test('places in back-off and failed ones are started anew, and must get ready', () => {
  const daemon = SimulatedDaemon.running(2, { uptimeResetMs: 90_000 })
  daemon.exit(0, code(1))
  daemon.exit(2, code(78))
  const id = daemon.request({ type: 'reload' })
  daemon.loadSettings()
  assert.deepEqual(daemon.places(), ['starting', 'failed'])
  daemon.ready(0)
  assert.deepEqual(daemon.places(), ['ready', 'starting'])
  daemon.exit(2, code(78))
  const message = 'the new worker 1 ended before it was stable: exit 78'
  assert.deepEqual(daemon.answers.get(id), { exit: 1, message })
})

test('the old one dies while its successor starts: that takes the place', () => {
  const daemon = SimulatedDaemon.running(1, { uptimeResetMs: 90_000, restartDelayMs: 10_000 })
  const id = daemon.request({ type: 'reload' })
  daemon.loadSettings()
  daemon.exit(0, code(1))
  assert.deepEqual(daemon.places(), ['backoff+starting'])
  daemon.ready(1)
  daemon.advance(POLICY.stableMs)
  assert.deepEqual([daemon.places(), daemon.workerSeats()], [['ready'], [1]])
  assert.equal(daemon.answers.get(id)?.exit, 0)
})

test('the old one dies and comes back beside its successor: seats do not collide', () => {
  const { daemon, id } = rolling(1)
  daemon.exit(0, code(1))
  assert.deepEqual([daemon.places(), daemon.workerSeats()], [['starting+starting'], [0, 1]])
  rollToEnd(daemon)
  assert.equal(daemon.answers.get(id)?.exit, 0)
  assert.deepEqual(daemon.workerSeats(), [1])
})

test('refused with an answer while starting and while stopping', () => {
  const starting = new SimulatedDaemon({ proc: 1 })
  const early = starting.request({ type: 'reload' })
  assert.deepEqual(starting.answers.get(early), { exit: 1, message: 'the daemon is still starting' })
  const draining = SimulatedDaemon.running(1)
  draining.signal('SIGTERM')
  const late = draining.request({ type: 'reload' })
  assert.deepEqual(draining.answers.get(late), { exit: 1, message: 'the daemon stops' })
})

test('a stop answers those who wait, and ends old and new', () => {
  const { daemon, id } = rolling(2)
  const waiting = daemon.request({ type: 'reload' })
  daemon.signal('SIGTERM')
  const answer = { exit: 1, message: 'the daemon stops' }
  assert.deepEqual([daemon.answers.get(id), daemon.answers.get(waiting)], [answer, answer])
  assert.deepEqual(daemon.places(), ['draining+draining', 'draining'])
  daemon.playAlong()
  assert.equal(daemon.finished?.exit, 0)
})

test('a stop while the settings are being read: what they say comes too late', () => {
  const daemon = SimulatedDaemon.running(1)
  const id = daemon.request({ type: 'reload' })
  daemon.signal('SIGTERM')
  assert.equal(daemon.answers.get(id)?.exit, 1)
  daemon.loadSettings(4)
  assert.deepEqual([daemon.state.proc, daemon.places()], [1, ['draining']])
})
