import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { type Signals, trapSignals } from './signals.ts'

const NAMES = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGTTIN', 'SIGTTOU', 'SIGCHLD'] as const
const JOB_CONTROL = ['SIGTTIN', 'SIGTTOU']
let trapped: Signals | null = null

const counts = () => NAMES.map((name) => process.listenerCount(name))

function trap(hasTerminal: boolean): Signals {
  trapped = trapSignals(hasTerminal)
  return trapped
}

afterEach(() => trapped?.release())

test('what came before the master could take it is handed over, in order', () => {
  const signals = trap(false)
  process.emit('SIGHUP', 'SIGHUP')
  process.emit('SIGTERM', 'SIGTERM')
  const taken: string[] = []
  let children = 0
  signals.deliver(
    (signal) => taken.push(signal),
    () => {
      children += 1
    },
  )
  process.emit('SIGQUIT', 'SIGQUIT')
  process.emit('SIGCHLD')
  assert.deepEqual([taken, children], [['SIGHUP', 'SIGTERM', 'SIGQUIT'], 1])
})

test('job-control signals keep their meaning while there is a terminal', () => {
  const before = counts()
  trap(true)
  const more = counts().map((count, at) => count - before[at]!)
  assert.deepEqual(
    more,
    NAMES.map((name) => (JOB_CONTROL.includes(name) ? 0 : 1)),
  )
})

test('nothing is left when they are released', () => {
  const before = counts()
  const signals = trap(false)
  assert.ok(counts().every((count, at) => count === before[at]! + 1))
  signals.release()
  assert.deepEqual(counts(), before)
})
