import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedDaemon } from '../../test/support/simulated-daemon.ts'
import { code, eventsOf, killedBy } from '../../test/support/supervision.ts'
import { PROC_MAX } from './scale.ts'

function scale(daemon: SimulatedDaemon, proc: number): { exit: number; message: string } | undefined {
  return daemon.answers.get(daemon.request({ type: 'scale', proc }))
}

test('up: those who are missing are started, the others are left alone', () => {
  const daemon = SimulatedDaemon.running(2)
  assert.deepEqual(scale(daemon, 4), { exit: 0, message: '2 → 4 workers' })
  assert.deepEqual(daemon.places(), ['ready', 'ready', 'starting', 'starting'])
  assert.deepEqual(eventsOf(daemon.actions, 'scale.changed'), [{ type: 'scale.changed', from: 2, to: 4 }])
})

test('down: the last ones are drained', () => {
  const daemon = SimulatedDaemon.running(4)
  assert.deepEqual(scale(daemon, 1), { exit: 0, message: '4 → 1 worker' })
  assert.deepEqual(daemon.places(), ['ready', 'draining', 'draining', 'draining'])
  daemon.playAlong()
  assert.deepEqual(daemon.places(), ['ready', 'empty', 'empty', 'empty'])
  daemon.advance(86_400_000)
  assert.deepEqual(daemon.workerSeats(), [0])
})

test('the same number changes nothing', () => {
  const daemon = SimulatedDaemon.running(2)
  const before = daemon.state
  assert.deepEqual(scale(daemon, 2), { exit: 0, message: '2 workers already' })
  assert.deepEqual(daemon.state, before)
})

test('down, then up while they drain: each is replaced when it has ended', () => {
  const daemon = SimulatedDaemon.running(3)
  scale(daemon, 1)
  scale(daemon, 3)
  assert.deepEqual(daemon.places(), ['ready', 'draining', 'draining'])
  daemon.exit(2, code(0))
  assert.deepEqual(daemon.places(), ['ready', 'starting', 'draining'])
  daemon.playAlong()
  assert.deepEqual(daemon.places(), ['ready', 'ready', 'ready'])
})

test('down: a place in back-off or failed is given up', () => {
  const daemon = SimulatedDaemon.running(3, { uptimeResetMs: 90_000 })
  daemon.exit(2, code(1))
  daemon.exit(4, code(78))
  assert.deepEqual(daemon.places(), ['ready', 'backoff', 'failed'])
  scale(daemon, 1)
  assert.deepEqual(daemon.places(), ['ready', 'empty', 'empty'])
})

test('up again: a place that failed before starts anew', () => {
  const daemon = SimulatedDaemon.running(2)
  daemon.exit(2, code(78))
  scale(daemon, 1)
  scale(daemon, 2)
  assert.deepEqual(daemon.places(), ['ready', 'starting'])
})

test('who is too many and does not finish in time is killed', () => {
  const daemon = SimulatedDaemon.running(2)
  scale(daemon, 1)
  daemon.advance(30_000)
  assert.equal(daemon.at(2).order, 'kill')
  daemon.exit(2, killedBy('SIGKILL'))
  assert.deepEqual(daemon.places(), ['ready', 'empty'])
})

test('refused with an answer before it runs and while it stops', () => {
  const starting = new SimulatedDaemon({ proc: 1 })
  assert.deepEqual(scale(starting, 2), { exit: 1, message: 'the daemon is still starting' })
  const draining = SimulatedDaemon.running(1)
  draining.signal('SIGTERM')
  assert.deepEqual(scale(draining, 2), { exit: 1, message: 'the daemon stops' })
})

test('no more than the scoreboard has seats for', () => {
  const daemon = SimulatedDaemon.running(PROC_MAX)
  daemon.signal('SIGTTIN')
  assert.equal(daemon.state.proc, PROC_MAX)
})

test('up during a reload: the new ones are of the new generation at once', () => {
  const daemon = SimulatedDaemon.running(2)
  const reload = daemon.request({ type: 'reload' })
  daemon.loadSettings()
  scale(daemon, 3)
  assert.deepEqual(daemon.places(), ['ready+starting', 'ready', 'starting'])
  for (let round = 0; round < 4; round++) {
    daemon.playAlong()
    daemon.advance(1000)
  }
  assert.equal(daemon.answers.get(reload)?.exit, 0)
  const generations = [...daemon.living.values()].filter(({ kind }) => kind === 'worker')
  assert.deepEqual(
    generations.map(({ child }) => child.generation),
    [2, 2, 2],
  )
})

test('down during a reload: the place that is being replaced goes, with its successor', () => {
  const daemon = SimulatedDaemon.running(2)
  const reload = daemon.request({ type: 'reload' })
  daemon.loadSettings()
  daemon.ready(1)
  daemon.advance(1000)
  daemon.exitOrdered()
  assert.deepEqual(daemon.places(), ['ready', 'ready+starting'])
  scale(daemon, 1)
  assert.deepEqual(daemon.places(), ['ready', 'draining+draining'])
  assert.deepEqual(daemon.answers.get(reload), { exit: 0, message: '1 worker replaced (generation 2)' })
  daemon.playAlong()
  assert.deepEqual(daemon.places(), ['ready', 'empty'])
})

test('a reload may bring another number', () => {
  const daemon = SimulatedDaemon.running(1)
  daemon.request({ type: 'reload' })
  daemon.loadSettings(2)
  assert.deepEqual(daemon.places(), ['ready+starting', 'starting'])
})
