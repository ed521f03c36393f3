import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedDaemon } from '../../test/support/simulated-daemon.ts'
import { code, eventsOf, killedBy, namesOf, POLICY } from '../../test/support/supervision.ts'
import { STORE_SEAT } from './state.ts'

test('a worker that was up long enough is replaced at once', () => {
  const daemon = SimulatedDaemon.running(2)
  const actions = daemon.exit(0, killedBy('SIGKILL'), [7, 8])
  assert.deepEqual(namesOf(actions), ['child.exited', 'end-commands', 'spawn'])
  const [{ child, reason, cause, inHand } = assert.fail()] = eventsOf(actions, 'child.exited')
  assert.deepEqual([child.kind, child.slot, reason, cause, inHand], ['worker', 0, killedBy('SIGKILL'), null, [7, 8]])
  assert.equal(child.pid, 101)
  assert.deepEqual(daemon.places(), ['starting', 'ready'])
})

test('a worker that was up for a moment backs off, then is started again', () => {
  const daemon = SimulatedDaemon.running(2, { uptimeResetMs: 90_000 })
  const actions = daemon.exit(2, code(1))
  const [{ child, delayMs, deaths } = assert.fail()] = eventsOf(actions, 'slot.backoff')
  assert.deepEqual([child, deaths], [{ kind: 'worker', slot: 1, pid: null }, 1])
  daemon.advance(delayMs - 1)
  assert.deepEqual(daemon.places(), ['ready', 'backoff'])
  daemon.advance(1)
  assert.deepEqual(daemon.places(), ['ready', 'starting'])
  daemon.readyAll()
  assert.equal(daemon.state.places[1]?.current.restarts, 1)
})

test('the others go on while one dies again and again: five deaths, failed, tried again later', () => {
  const daemon = SimulatedDaemon.running(2, { uptimeResetMs: 90_000 })
  for (let deaths = 1; deaths <= 5; deaths++) {
    if (!daemon.living.has(0)) daemon.advance(POLICY.restartDelayMs * 2 ** (deaths - 2) * 1.2)
    daemon.exit(0, code(1))
  }
  assert.deepEqual(daemon.places(), ['failed', 'ready'])
  const [failed] = eventsOf(daemon.actions, 'slot.failed')
  assert.deepEqual([failed?.deaths, failed?.retryMs], [5, 300_000])
  daemon.advance(299_999)
  assert.deepEqual(daemon.places(), ['failed', 'ready'])
  daemon.advance(1)
  assert.deepEqual(daemon.places(), ['starting', 'ready'])
  daemon.readyAll()
  assert.deepEqual(daemon.places(), ['ready', 'ready'])
})

test('exit 78 is for good, until a reload', () => {
  const daemon = SimulatedDaemon.running(2)
  daemon.exit(0, code(78))
  daemon.advance(86_400_000)
  assert.deepEqual(daemon.places(), ['failed', 'ready'])
  daemon.request({ type: 'reload' })
  daemon.loadSettings()
  assert.deepEqual(daemon.places(), ['starting', 'ready'])
})

test('a successor of a hung boot is not started before that was seen to end', () => {
  const daemon = SimulatedDaemon.running(1)
  daemon.exit(0, code(1))
  daemon.advance(POLICY.bootTimeoutMs)
  assert.equal(daemon.at(0).order, 'kill')
  assert.deepEqual(eventsOf(daemon.actions, 'child.killed')[0]?.cause, 'boot-timeout')
  daemon.exitOrdered()
  assert.deepEqual(daemon.places(), ['backoff'])
})

test('who does not end after KILL is told, again and again, and its place stays taken', () => {
  const daemon = SimulatedDaemon.running(1)
  daemon.exit(0, code(1))
  daemon.advance(POLICY.bootTimeoutMs + 5000)
  assert.equal(eventsOf(daemon.actions, 'child.unkillable').length, 1)
  daemon.advance(10_000)
  assert.equal(eventsOf(daemon.actions, 'child.unkillable').length, 3)
  assert.deepEqual(daemon.places(), ['killing'])
})

test('a child that could not be started at all backs off', () => {
  const daemon = SimulatedDaemon.running(1)
  daemon.exit(0, code(1))
  daemon.exit(0, code(71))
  assert.deepEqual(daemon.places(), ['backoff'])
})

test('the store is replaced too, and the workers go on', () => {
  const daemon = SimulatedDaemon.running(2)
  const actions = daemon.exit(STORE_SEAT, killedBy('SIGKILL'))
  assert.deepEqual(namesOf(actions), ['child.exited', 'spawn'])
  assert.equal(eventsOf(actions, 'child.exited')[0]?.child.kind, 'store')
  assert.deepEqual(daemon.places(), ['ready', 'ready'])
  assert.equal(daemon.state.phase.name, 'running')
})

test('what comes from a seat that is empty by now is nobody’s', () => {
  const daemon = SimulatedDaemon.running(1)
  const before = daemon.state
  for (const type of ['child.ready', 'deadline'] as const) daemon.send({ type, seat: 1 })
  daemon.send({ type: 'child.exited', seat: 1, reason: code(0), inHand: [1] })
  daemon.send({ type: 'child.spawned', seat: 900, pid: 1 })
  daemon.send({ type: 'commands.ended', worker: 'unheard-of' })
  assert.deepEqual(daemon.state, before)
})
