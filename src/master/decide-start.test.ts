import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedDaemon } from '../../test/support/simulated-daemon.ts'
import { code, eventsOf, killedBy, namesOf } from '../../test/support/supervision.ts'
import { STORE_SEAT } from './state.ts'

/** A start that failed: everything is ended, and why is told. */
function assertFailed(daemon: SimulatedDaemon, exit: number, reason: RegExp): void {
  assert.equal(daemon.state.phase.name, 'draining')
  daemon.playAlong()
  assert.equal(daemon.state.phase.name, 'stopped')
  assert.equal(daemon.finished?.exit, exit)
  assert.match(daemon.finished?.reason ?? '', reason)
  const [failed] = eventsOf(daemon.actions, 'daemon.failed')
  assert.deepEqual(failed, { type: 'daemon.failed', reason: daemon.finished?.reason, exit })
  assert.ok(!namesOf(daemon.actions).includes('report-ready'))
}

test('the store first, then the workers, each in a seat of its own', () => {
  const daemon = new SimulatedDaemon({ proc: 3 })
  const spawned = daemon.actions.flatMap((action) =>
    action.type === 'spawn' ? [[action.kind, action.index, action.child.seat, action.child.generation]] : [],
  )
  assert.deepEqual(spawned, [
    ['store', 1024, STORE_SEAT, 1],
    ['worker', 0, 0, 1],
    ['worker', 1, 2, 1],
    ['worker', 2, 4, 1],
  ])
})

test('ready when the last one is, the store included, and told once', () => {
  const daemon = new SimulatedDaemon({ proc: 2 })
  daemon.ready(0)
  daemon.ready(2)
  assert.equal(daemon.state.phase.name, 'starting')
  daemon.now += 500
  const actions = daemon.ready(STORE_SEAT)
  assert.deepEqual(namesOf(actions), ['child.ready', 'daemon.ready', 'report-ready'])
  assert.deepEqual(eventsOf(actions, 'daemon.ready'), [{ type: 'daemon.ready', tookMs: 500, proc: 2 }])
  daemon.exit(0, code(1))
  daemon.advance(2000)
  daemon.readyAll()
  assert.equal(namesOf(daemon.actions).filter((name) => name === 'report-ready').length, 1)
})

test('one worker that dies is tried again, the start goes on', () => {
  const daemon = new SimulatedDaemon({ proc: 2 })
  daemon.exit(0, code(1))
  daemon.ready(2)
  daemon.ready(STORE_SEAT)
  assert.deepEqual([daemon.state.phase.name, daemon.places()], ['starting', ['backoff', 'ready']])
  daemon.advance(1200)
  daemon.readyAll()
  assert.equal(daemon.state.phase.name, 'running')
})

test('all workers died: the start fails and says how the first one ended', () => {
  const daemon = new SimulatedDaemon({ proc: 2 })
  daemon.exit(2, killedBy('SIGSEGV'))
  daemon.exit(0, code(1))
  assertFailed(daemon, 1, /^worker 1 ended before it was ready: SIGSEGV$/)
})

test('a worker that said why is quoted', () => {
  const daemon = new SimulatedDaemon({ proc: 1 })
  daemon.send({ type: 'child.unable', seat: 0, message: 'worker 0: no such module' })
  daemon.exit(0, code(1))
  assertFailed(daemon, 1, /^worker 0: no such module$/)
})

test('all workers failed and one said 78: exit 78', () => {
  const daemon = new SimulatedDaemon({ proc: 2 })
  daemon.exit(0, code(1))
  daemon.exit(2, code(78))
  assertFailed(daemon, 78, /worker 0 ended before it was ready: exit 1/)
})

test('the store died: the start fails', () => {
  const daemon = new SimulatedDaemon({ proc: 2 })
  daemon.readyAll()
  const another = new SimulatedDaemon({ proc: 2 })
  another.ready(0)
  another.exit(STORE_SEAT, code(70))
  assertFailed(another, 1, /^the store ended before it was ready: exit 70$/)
})

test('a worker that was ready and died before the others were: told as that', () => {
  const daemon = new SimulatedDaemon({ proc: 1 })
  daemon.ready(0)
  daemon.exit(0, code(3))
  assertFailed(daemon, 1, /^worker 0 ended before the daemon was ready: exit 3$/)
})

test('a boot that takes too long is told as that', () => {
  const daemon = new SimulatedDaemon({ proc: 1 })
  daemon.ready(STORE_SEAT)
  daemon.advance(60_000)
  assert.equal(daemon.at(0).order, 'kill')
  daemon.exitOrdered()
  assertFailed(daemon, 1, /^worker 0 was not ready within 60 s \(bootTimeout\)$/)
})

test('startTimeout passes: the start fails, those who were ready are ended too', () => {
  const daemon = new SimulatedDaemon({ proc: 2, policy: { startTimeoutMs: 10_000 } })
  daemon.ready(0)
  daemon.ready(STORE_SEAT)
  daemon.advance(10_000)
  assert.deepEqual([daemon.at(0).order, daemon.at(2).order], ['drain', 'terminate'])
  assertFailed(daemon, 1, /^not ready after 10 s \(startTimeout\)$/)
})

test('the launcher is gone: the start is cancelled', () => {
  const daemon = new SimulatedDaemon({ proc: 2 })
  daemon.send({ type: 'launcher.gone' })
  daemon.playAlong()
  assert.equal(daemon.finished?.exit, 1)
  assert.match(daemon.finished?.reason ?? '', /the launcher is gone/)
})

test('stopped while starting: nothing is left, and it was no success', () => {
  for (const signal of ['SIGTERM', 'SIGINT']) {
    const daemon = new SimulatedDaemon({ proc: 2 })
    daemon.ready(0)
    daemon.signal(signal)
    assert.deepEqual([daemon.at(0).order, daemon.at(2).order], ['drain', 'terminate'])
    daemon.playAlong()
    assert.equal(daemon.finished?.exit, 1)
    assert.equal(daemon.finished?.reason, `stopped during the start: ${signal}`)
    assert.deepEqual([...daemon.living], [])
  }
})

test('a boot that was being killed when the start was stopped is not begun again', () => {
  const daemon = new SimulatedDaemon({ proc: 2, policy: { startTimeoutMs: 600_000, stopTimeoutMs: 120_000 } })
  daemon.ready(0)
  daemon.advance(60_000)
  assert.equal(daemon.at(2).order, 'kill')
  daemon.signal('SIGTERM')
  daemon.exit(2, killedBy('SIGKILL'))
  daemon.advance(60_000)
  assert.deepEqual(daemon.workerSeats(), [0])
})
