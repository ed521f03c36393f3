import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedDaemon } from '../../test/support/simulated-daemon.ts'
import { code, killedBy } from '../../test/support/supervision.ts'
import { holders, TOGETHER_MS } from './departure.ts'
import { STORE_SEAT } from './state.ts'

const KILL = killedBy('SIGKILL')

/** What the store was told since the last look: worker → jobs that are charged. */
function told(daemon: SimulatedDaemon): [string, readonly number[]][] {
  return daemon
    .take()
    .flatMap((action) => (action.type === 'tell-store' ? [[action.gone.worker, action.gone.charged]] : []))
}

/** Ends the commands, and lets the time pass in which others may die of the same cause. */
function settle(daemon: SimulatedDaemon): void {
  daemon.endCommands()
  daemon.advance(TOGETHER_MS)
}

test('leases go back only after the commands of the dead worker have ended', () => {
  const daemon = SimulatedDaemon.running(2)
  daemon.exit(0, KILL, [7])
  assert.deepEqual(daemon.pendingCommands, ['run-0-2'])
  daemon.advance(3_600_000)
  assert.deepEqual(told(daemon), [])
  settle(daemon)
  assert.deepEqual(told(daemon), [['run-0-2', [7]]])
})

test('a worker that dies alone: its jobs are charged', () => {
  const daemon = SimulatedDaemon.running(2)
  daemon.exit(0, code(1), [7, 9])
  settle(daemon)
  assert.deepEqual(told(daemon), [['run-0-2', [7, 9]]])
})

test('an only worker is alone', () => {
  const daemon = SimulatedDaemon.running(1)
  daemon.exit(0, KILL, [7])
  settle(daemon)
  assert.deepEqual(told(daemon), [['run-0-2', [7]]])
})

test('all workers die together: nothing is charged', () => {
  for (const uptimeResetMs of [30_000, 90_000]) {
    const daemon = SimulatedDaemon.running(3, { uptimeResetMs })
    for (const seat of [0, 2, 4]) {
      daemon.exit(seat, KILL, [seat + 1])
      daemon.endCommands()
      daemon.advance(20)
    }
    settle(daemon)
    assert.deepEqual(told(daemon), [
      ['run-0-2', []],
      ['run-1-3', []],
      ['run-2-4', []],
    ])
  }
})

test('they came back at once and died together again: nothing is charged', () => {
  const daemon = SimulatedDaemon.running(2)
  for (const seat of [0, 2]) daemon.exit(seat, KILL, [seat + 1])
  daemon.readyAll()
  settle(daemon)
  daemon.advance(1000)
  told(daemon)
  for (const seat of [0, 2]) {
    daemon.exit(seat, KILL, [seat + 1])
    daemon.advance(20)
  }
  settle(daemon)
  assert.deepEqual(
    told(daemon).map(([, charged]) => charged),
    [[], []],
  )
})

test('some die together and one survives: each is charged', () => {
  const daemon = SimulatedDaemon.running(3)
  for (const seat of [0, 2]) daemon.exit(seat, KILL, [seat + 1])
  settle(daemon)
  assert.deepEqual(told(daemon), [
    ['run-0-2', [1]],
    ['run-1-3', [3]],
  ])
})

test('a death that we ordered: nothing is charged, and nobody waits', () => {
  const daemon = SimulatedDaemon.running(2)
  daemon.request({ type: 'scale', proc: 1 })
  daemon.advance(30_000)
  daemon.exit(2, KILL, [7])
  daemon.endCommands()
  assert.deepEqual(told(daemon), [['run-1-3', []]])
})

test('a worker with nothing in hand: nobody waits', () => {
  const daemon = SimulatedDaemon.running(2)
  daemon.exit(0, KILL)
  daemon.endCommands()
  assert.deepEqual(told(daemon), [['run-0-2', []]])
})

test('a stop: nothing is charged, and nobody waits', () => {
  const daemon = SimulatedDaemon.running(2)
  daemon.exit(0, KILL, [7])
  daemon.endCommands()
  daemon.signal('SIGTERM')
  assert.deepEqual(told(daemon), [['run-0-2', []]])
})

test('without a store it is kept until there is one, and nothing is charged', () => {
  const daemon = SimulatedDaemon.running(2)
  daemon.exit(STORE_SEAT, KILL)
  daemon.exit(0, KILL, [7])
  settle(daemon)
  assert.deepEqual(told(daemon), [])
  assert.ok(holders(daemon.state).includes('run-0-2'))
  daemon.ready(STORE_SEAT)
  assert.deepEqual(told(daemon), [['run-0-2', []]])
  assert.ok(!holders(daemon.state).includes('run-0-2'))
})

test('who may hold jobs: the living, and the dead until the store was told', () => {
  const daemon = SimulatedDaemon.running(2)
  assert.deepEqual(holders(daemon.state), ['run-0-2', 'run-1-3'])
  daemon.exit(0, KILL, [7])
  assert.deepEqual(holders(daemon.state), ['run-0-4', 'run-1-3', 'run-0-2'])
  settle(daemon)
  assert.deepEqual(holders(daemon.state), ['run-0-4', 'run-1-3'])
})

test('commands that hang in the kernel are tried again, the leases stay', () => {
  const daemon = SimulatedDaemon.running(2)
  daemon.exit(0, KILL, [7])
  for (let times = 0; times < 3; times++) {
    const [worker] = daemon.pendingCommands.splice(0)
    daemon.send({ type: 'commands.stuck', worker: worker! })
  }
  assert.deepEqual(daemon.pendingCommands, ['run-0-2'])
  assert.deepEqual(told(daemon), [])
  settle(daemon)
  assert.deepEqual(told(daemon), [['run-0-2', [7]]])
})
