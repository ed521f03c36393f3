/**
 * Random events that the outside may send, in any order, under random policies. `SimulatedDaemon` checks every step.
 * SOAK=1 walks a hundred times as far; SEED=n walks the same way again.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom, type Random } from '../../test/support/random.ts'
import { SimulatedDaemon } from '../../test/support/simulated-daemon.ts'
import { code, killedBy, POLICY } from '../../test/support/supervision.ts'
import type { Policy } from './backoff.ts'
import { nextDeadline, STORE_SEAT } from './state.ts'

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32))
const STEPS = process.env.SOAK === undefined ? 20_000 : 2_000_000
const STEPS_PER_DAEMON = 200
const REASONS = [code(0), code(1), killedBy('SIGKILL'), killedBy('SIGSEGV')]
const SIGNALS = ['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGTTIN', 'SIGTTOU']
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT']

function randomPolicy(random: Random): Policy {
  if (random.below(2) === 0) return POLICY
  return {
    ...POLICY,
    startTimeoutMs: random.pick([1000, 90_000]),
    bootTimeoutMs: random.pick([100, 60_000]),
    stopTimeoutMs: random.pick([0, 1000]),
    stableMs: random.pick([0, 1000, 100_000]),
    restartDelayMs: random.pick([10, 1000]),
    restartLimit: random.pick([1, 2, 1000]),
    uptimeResetMs: random.pick([0, 30_000]),
  }
}

type Move = (daemon: SimulatedDaemon, random: Random) => void

const getReady: Move = (daemon, random) => {
  const seats = [...daemon.living].filter(([, { isReady }]) => !isReady)
  if (seats.length > 0) daemon.ready(random.pick(seats)[0])
}

const die: Move = (daemon, random) => {
  const seats = [...daemon.living.keys()]
  const inHand = Array.from({ length: random.below(3) }, () => 1 + random.below(1000))
  if (seats.length > 0)
    daemon.exit(random.pick(seats), random.below(20) === 0 ? code(78) : random.pick(REASONS), inHand)
}

const obey: Move = (daemon) => daemon.exitOrdered()

const sayUnable: Move = (daemon, random) => {
  const seats = [...daemon.living.keys()]
  if (seats.length > 0) daemon.send({ type: 'child.unable', seat: random.pick(seats), message: 'no' })
}

const endCommands: Move = (daemon, random) => {
  const [worker] = daemon.pendingCommands.splice(0, 1)
  const type = random.below(4) === 0 ? 'commands.stuck' : 'commands.ended'
  if (worker !== undefined) daemon.send({ type, worker })
}

const readSettings: Move = (daemon, random) => {
  if (daemon.pendingLoads === 0) return
  if (random.below(4) === 0) daemon.rejectSettings('wrong')
  else daemon.loadSettings(random.pick([null, null, 1 + random.below(5)]), randomPolicy(random))
}

const listen: Move = (daemon, random) => {
  const seats = daemon.workerSeats().filter((seat) => daemon.at(seat).order === null)
  if (seats.length === 0) return
  const seat = random.pick(seats)
  const key = random.pick(['tcp:*:80', 'tcp:*:81'])
  if (random.below(4) === 0) daemon.send({ type: 'child.unlisten', seat, key })
  else daemon.listen(seat, key)
}

const pulse: Move = (daemon, random) => {
  const seats = daemon.workerSeats()
  if (seats.length > 0) daemon.send({ type: 'child.pulse', seat: random.pick(seats), isLate: random.below(3) === 0 })
}

const drainByItself: Move = (daemon, random) => {
  const ready = [...daemon.living].filter(([seat, one]) => one.isReady && one.order === null && seat !== STORE_SEAT)
  if (ready.length === 0) return
  const [seat] = random.pick(ready)
  daemon.send({ type: 'child.draining', seat, cause: random.pick(['terminated', 'failed']) })
}

const waitForDeadline: Move = (daemon) => {
  const due = nextDeadline(daemon.state)
  if (due !== null) daemon.advance(Math.max(0, due - daemon.now))
}

const MOVES: readonly Move[] = [
  ...[getReady, getReady, getReady, getReady, obey, obey, endCommands, endCommands, readSettings, readSettings],
  ...[die, sayUnable, waitForDeadline, listen, listen, listen, pulse, drainByItself],
  (daemon, random) => daemon.advance(random.pick([1, 10, 100, 1000])),
  (daemon) => void daemon.send({ type: 'deadline' }),
  (daemon, random) => void daemon.signal(random.pick(SIGNALS)),
  (daemon) => void daemon.request({ type: 'reload' }),
  (daemon, random) => void daemon.request({ type: 'scale', proc: 1 + random.below(5) }),
  (daemon, random) => {
    if (random.below(30) === 0) daemon.signal(random.pick(STOP_SIGNALS), random.below(2) === 0)
  },
  (daemon, random) => {
    if (daemon.state.phase.name === 'starting' && random.below(20) === 0) daemon.send({ type: 'launcher.gone' })
  },
]

/** A TERM, and everybody does what is expected: it stops, and everyone who asked has been answered. */
function endWell(daemon: SimulatedDaemon): void {
  if (daemon.state.phase.name !== 'stopped') daemon.signal('SIGTERM')
  daemon.playAlong()
  assert.equal(daemon.state.phase.name, 'stopped')
  assert.ok(daemon.finished !== null)
  assert.deepEqual(
    daemon.requests.filter((id) => !daemon.answers.has(id)),
    [],
    'requests without an answer',
  )
}

/** @returns how many steps it went */
function walk(random: Random): number {
  const daemon = new SimulatedDaemon({ proc: 1 + random.below(4), policy: randomPolicy(random) })
  if (random.below(4) !== 0) daemon.readyAll()
  let steps = 0
  while (steps < STEPS_PER_DAEMON && daemon.state.phase.name !== 'stopped') {
    random.pick(MOVES)(daemon, random)
    steps += 1
  }
  endWell(daemon)
  return steps
}

test(`${STEPS} random steps, SEED=${SEED}`, () => {
  const random = createRandom(SEED)
  for (let steps = 0; steps < STEPS; ) steps += walk(random)
})
