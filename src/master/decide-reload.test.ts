import assert from 'node:assert/strict'
import { test } from 'node:test'
import { code, eventsOf, killedBy, namesOf, POLICY, SimulatedDaemon } from '../../test/support/simulated-daemon.ts'

/** A daemon of which place 0 is being replaced by a successor in seat 1. */
function rolling(proc: number): { daemon: SimulatedDaemon; id: number } {
  const daemon = SimulatedDaemon.running(proc)
  const id = daemon.request({ type: 'reload' })
  daemon.loadSettings()
  return { daemon, id }
}

/** How many places have a worker that is ready. */
const readyPlaces = (daemon: SimulatedDaemon) =>
  daemon.state.places.filter(({ current }) => current.state.name === 'ready').length

/** Lets a reload go on until nothing is asked for any more. */
function rollToEnd(daemon: SimulatedDaemon, onStep: () => void = () => {}): void {
  for (let rounds = 0; daemon.state.reload.name !== 'idle'; rounds++) {
    assert.ok(rounds < 1000, 'the reload does not end')
    if (daemon.pendingLoads > 0) daemon.loadSettings()
    onStep()
    daemon.readyAll()
    onStep()
    daemon.advance(POLICY.stableMs)
    onStep()
    daemon.exitOrdered()
    daemon.endCommands()
    onStep()
  }
}

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

test('a reload counts as a restart of each place, not as a death', () => {
  const { daemon } = rolling(1)
  rollToEnd(daemon)
  const { restarts, deaths } = daemon.state.places[0]!.current
  assert.deepEqual([restarts, deaths], [1, []])
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
