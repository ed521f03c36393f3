import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedDaemon } from '../../test/support/simulated-daemon.ts'
import { code, eventsOf, killedBy, namesOf, POLICY } from '../../test/support/supervision.ts'
import { STORE_SEAT } from './state.ts'

test('workers, then their commands, then the store, then the master', () => {
  const daemon = SimulatedDaemon.running(2)
  assert.deepEqual(namesOf(daemon.signal('SIGTERM')), ['signal.received', 'daemon.stopping', 'drain', 'drain'])
  assert.equal(daemon.at(STORE_SEAT).order, null)
  assert.deepEqual(namesOf(daemon.exit(2, code(0))), ['child.exited', 'end-commands'])
  assert.deepEqual(namesOf(daemon.exit(0, code(0))), ['child.exited', 'end-commands'])
  const [first, last] = daemon.pendingCommands
  assert.deepEqual(namesOf(daemon.send({ type: 'commands.ended', worker: first! })), ['tell-store'])
  assert.deepEqual(namesOf(daemon.send({ type: 'commands.ended', worker: last! })), ['tell-store', 'drain'])
  assert.equal(daemon.at(STORE_SEAT).order, 'drain')
  assert.deepEqual(namesOf(daemon.exit(STORE_SEAT, code(0))), ['child.exited', 'daemon.stopped', 'finish'])
  assert.deepEqual(daemon.finished, { type: 'finish', exit: 0, reason: null })
})

test('when it has stopped nothing is answered any more', () => {
  const daemon = SimulatedDaemon.running(1)
  daemon.signal('SIGTERM')
  daemon.playAlong()
  daemon.take()
  daemon.signal('SIGTERM')
  daemon.send({ type: 'deadline' })
  assert.deepEqual(daemon.take(), [])
})

test('who does not finish in time is killed; the stop is over when its exit was seen', () => {
  const daemon = SimulatedDaemon.running(2)
  daemon.signal('SIGINT')
  daemon.exit(0, code(0))
  daemon.advance(POLICY.stopTimeoutMs - 1)
  assert.equal(daemon.at(2).order, 'drain')
  daemon.advance(1)
  assert.equal(daemon.at(2).order, 'kill')
  assert.equal(eventsOf(daemon.actions, 'child.killed')[0]?.cause, 'stop')
  daemon.advance(20_000)
  assert.equal(daemon.state.phase.name, 'draining')
  assert.equal(eventsOf(daemon.actions, 'child.unkillable').length, 4)
  daemon.playAlong()
  assert.equal(daemon.finished?.exit, 0)
})

test('a store that does not end is killed too', () => {
  const daemon = SimulatedDaemon.running(1)
  daemon.signal('SIGTERM')
  daemon.exit(0, code(0))
  daemon.endCommands()
  daemon.advance(POLICY.stopTimeoutMs)
  assert.equal(daemon.at(STORE_SEAT).order, 'kill')
  daemon.playAlong()
  assert.equal(daemon.finished?.exit, 0)
})

test('a second TERM ends everybody at once', () => {
  const daemon = SimulatedDaemon.running(2)
  daemon.signal('SIGTERM')
  daemon.exit(0, code(0))
  assert.deepEqual(namesOf(daemon.signal('SIGINT')), [
    'signal.received',
    ...['child.killed', 'kill'],
    ...['child.killed', 'kill'],
  ])
  assert.deepEqual([daemon.at(2).order, daemon.at(STORE_SEAT).order], ['kill', 'kill'])
  daemon.exitOrdered()
  assert.equal(daemon.state.phase.name, 'draining', 'commands still run')
  daemon.endCommands()
  assert.equal(daemon.finished?.exit, 0)
})

test('QUIT is at once from the beginning', () => {
  const daemon = SimulatedDaemon.running(2)
  daemon.signal('SIGQUIT')
  assert.deepEqual(new Set([...daemon.living.values()].map(({ order }) => order)), new Set(['kill']))
  daemon.playAlong()
  assert.equal(daemon.finished?.exit, 0)
})

test('QUIT while starting is no success', () => {
  const daemon = new SimulatedDaemon({ proc: 2 })
  daemon.signal('SIGQUIT')
  daemon.playAlong()
  assert.equal(daemon.finished?.exit, 1)
})

test('places in back-off and failed ones do not keep it', () => {
  const daemon = SimulatedDaemon.running(2, { uptimeResetMs: 90_000 })
  daemon.exit(0, code(1))
  daemon.exit(2, code(78))
  daemon.endCommands()
  assert.deepEqual(daemon.places(), ['backoff', 'failed'])
  daemon.signal('SIGTERM')
  assert.deepEqual(daemon.places(), ['empty', 'empty'])
  daemon.playAlong()
  assert.equal(daemon.finished?.exit, 0)
})

test('a store that dies meanwhile comes back while a worker may have results to report', () => {
  for (const uptimeResetMs of [30_000, 90_000]) {
    const daemon = SimulatedDaemon.running(1, { uptimeResetMs })
    daemon.signal('SIGTERM')
    daemon.exit(STORE_SEAT, killedBy('SIGKILL'))
    daemon.advance(20_000)
    assert.deepEqual([...daemon.living.keys()], [0, STORE_SEAT])
    daemon.playAlong()
    assert.equal(daemon.finished?.exit, 0)
  }
})

test('a store that was in back-off comes back for the results of a worker', () => {
  const daemon = SimulatedDaemon.running(1, { uptimeResetMs: 90_000 })
  daemon.exit(STORE_SEAT, killedBy('SIGKILL'))
  daemon.signal('SIGTERM')
  daemon.advance(20_000)
  assert.deepEqual([...daemon.living.keys()], [0, STORE_SEAT])
  daemon.playAlong()
  assert.equal(daemon.finished?.exit, 0)
})

test('a store that dies after the last worker stays away', () => {
  const daemon = SimulatedDaemon.running(1)
  daemon.signal('SIGTERM')
  daemon.exit(0, code(0))
  daemon.exit(STORE_SEAT, killedBy('SIGKILL'))
  daemon.playAlong()
  assert.equal(daemon.finished?.exit, 0)
})

test('commands that hang in the kernel do not keep it: the next start looks again', () => {
  const daemon = SimulatedDaemon.running(1)
  daemon.signal('SIGTERM')
  daemon.exit(0, code(0))
  const [worker] = daemon.pendingCommands.splice(0)
  assert.deepEqual(namesOf(daemon.send({ type: 'commands.stuck', worker: worker! })), ['drain'])
  daemon.playAlong()
  assert.equal(daemon.finished?.exit, 0)
})

test('a worker whose boot was being killed does not come back', () => {
  const daemon = SimulatedDaemon.running(2)
  daemon.exit(0, code(1))
  daemon.advance(POLICY.bootTimeoutMs)
  daemon.signal('SIGTERM')
  daemon.exit(0, killedBy('SIGKILL'))
  daemon.advance(20_000)
  assert.deepEqual(daemon.workerSeats(), [2])
})
