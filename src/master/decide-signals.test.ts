import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedDaemon } from '../../test/support/simulated-daemon.ts'
import { eventsOf, namesOf } from '../../test/support/supervision.ts'

type Situation = 'starting' | 'running' | 'draining'
const IGNORED = ['signal.ignored']
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGTTIN', 'SIGTTOU', 'SIGWINCH']

/** What the master wants first, after it has said that it received the signal. */
const ANSWERS: Record<Situation, Record<string, readonly string[]>> = {
  starting: {
    SIGTERM: ['daemon.stopping', 'terminate'],
    SIGINT: ['daemon.stopping', 'terminate'],
    SIGQUIT: ['daemon.stopping', 'terminate', 'child.killed', 'kill', 'child.killed', 'kill'],
    SIGHUP: ['reload.rejected'],
    SIGUSR1: ['reopen-logs'],
    SIGUSR2: IGNORED,
    SIGTTIN: ['control.refused'],
    SIGTTOU: ['control.refused'],
    SIGWINCH: IGNORED,
  },
  running: {
    SIGTERM: ['daemon.stopping', 'drain'],
    SIGINT: ['daemon.stopping', 'drain'],
    SIGQUIT: ['daemon.stopping', 'drain', 'child.killed', 'kill', 'child.killed', 'kill'],
    SIGHUP: ['load-settings'],
    SIGUSR1: ['reopen-logs'],
    SIGUSR2: IGNORED,
    SIGTTIN: ['scale.changed', 'spawn'],
    SIGTTOU: [],
    SIGWINCH: IGNORED,
  },
  draining: {
    SIGTERM: ['child.killed', 'kill', 'child.killed', 'kill'],
    SIGINT: ['child.killed', 'kill', 'child.killed', 'kill'],
    SIGQUIT: ['child.killed', 'kill', 'child.killed', 'kill'],
    SIGHUP: IGNORED,
    SIGUSR1: IGNORED,
    SIGUSR2: IGNORED,
    SIGTTIN: IGNORED,
    SIGTTOU: IGNORED,
    SIGWINCH: IGNORED,
  },
}

function daemonIn(situation: Situation): SimulatedDaemon {
  if (situation === 'starting') return new SimulatedDaemon({ proc: 1 })
  const daemon = SimulatedDaemon.running(1)
  if (situation === 'draining') daemon.signal('SIGTERM')
  return daemon
}

for (const situation of ['starting', 'running', 'draining'] as const) {
  test(`every signal while ${situation}`, () => {
    for (const signal of SIGNALS) {
      const names = namesOf(daemonIn(situation).signal(signal)).filter((name) => name !== 'signal.received')
      assert.deepEqual(names, ANSWERS[situation][signal], signal)
    }
  })
}

test('what was ignored says why', () => {
  const [upgrade] = eventsOf(daemonIn('running').signal('SIGUSR2'), 'signal.ignored')
  assert.equal(upgrade?.reason, 'upgrade is not in this version')
  const [late] = eventsOf(daemonIn('draining').signal('SIGHUP'), 'signal.ignored')
  assert.equal(late?.reason, 'stopping')
})

test('with a terminal HUP means that it went: a stop', () => {
  const daemon = SimulatedDaemon.running(1)
  const actions = daemon.signal('SIGHUP', true)
  assert.deepEqual(eventsOf(actions, 'daemon.stopping'), [{ type: 'daemon.stopping', cause: 'the terminal is gone' }])
  daemon.playAlong()
  assert.equal(daemon.finished?.exit, 0)
})

test('TTIN and TTOU: one worker more, one less, never none', () => {
  const daemon = SimulatedDaemon.running(1)
  daemon.signal('SIGTTIN')
  daemon.signal('SIGTTIN')
  assert.equal(daemon.state.proc, 3)
  daemon.playAlong()
  assert.deepEqual(daemon.places(), ['ready', 'ready', 'ready'])
  for (let times = 0; times < 5; times++) daemon.signal('SIGTTOU')
  assert.equal(daemon.state.proc, 1)
  daemon.playAlong()
  assert.deepEqual(daemon.places(), ['ready', 'empty', 'empty'])
})
