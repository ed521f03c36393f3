/** Which worker accepts on the socket of a slot that has nobody who does. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rolling, rollToEnd } from '../../test/support/rolling-reload.ts'
import { SimulatedDaemon } from '../../test/support/simulated-daemon.ts'
import { code, killedBy, namesOf, POLICY } from '../../test/support/supervision.ts'
import { decide } from './decide.ts'
import { lastKeys } from './lending.ts'
import { initialState, type MasterEvent, STORE_SEAT } from './state.ts'

const HTTP = 'tcp:*:80'

/** Three workers in seats 0, 2 and 4, each with the socket of its slot. */
function serving(proc = 3): SimulatedDaemon {
  const daemon = SimulatedDaemon.running(proc)
  for (const seat of daemon.workerSeats()) daemon.listen(seat, HTTP)
  assert.deepEqual(daemon.lent, new Map())
  return daemon
}

/** `slot: seat` of what is lent. */
const lent = (daemon: SimulatedDaemon) => [...daemon.lent].map(([name, seat]) => `${name.split(' ')[1]}: ${seat}`)

test('the socket of a worker that died is lent until its successor is ready', () => {
  const daemon = serving()
  daemon.exit(0, killedBy('SIGKILL'))
  assert.deepEqual(lent(daemon), ['0: 2'])
  daemon.listen(0, HTTP)
  assert.deepEqual(lent(daemon), ['0: 2'], 'not ready yet')
  daemon.ready(0)
  assert.deepEqual(lent(daemon), [])
})

test('during a start, who is ready serves the others', () => {
  const daemon = new SimulatedDaemon({ proc: 3 })
  for (const seat of daemon.workerSeats()) daemon.listen(seat, HTTP)
  assert.deepEqual(lent(daemon), [])
  daemon.ready(2)
  assert.deepEqual(lent(daemon), ['0: 2', '2: 2'])
  daemon.ready(0)
  assert.deepEqual(lent(daemon), ['2: 2'])
})

test('loans are spread over the able, and move on when a borrower goes', () => {
  const daemon = serving(4)
  daemon.exit(0, killedBy('SIGKILL'))
  daemon.exit(2, killedBy('SIGKILL'))
  assert.deepEqual(lent(daemon), ['0: 4', '1: 6'])
  daemon.exit(4, killedBy('SIGKILL'))
  assert.deepEqual(lent(daemon).sort(), ['0: 6', '1: 6', '2: 6'])
})

test('a late heartbeat: lent at once, taken back when it is on time again', () => {
  const daemon = serving()
  daemon.send({ type: 'child.pulse', seat: 4, isLate: true })
  assert.deepEqual(lent(daemon), ['2: 0'])
  daemon.send({ type: 'child.pulse', seat: 4, isLate: false })
  assert.deepEqual(lent(daemon), [])
})

test('all late: nobody is asked, and whoever is on time first serves all', () => {
  const daemon = serving(2)
  for (const seat of [0, 2]) daemon.send({ type: 'child.pulse', seat, isLate: true })
  assert.deepEqual(daemon.state.loans, [])
  daemon.send({ type: 'child.pulse', seat: 2, isLate: false })
  assert.deepEqual(lent(daemon), ['0: 2'])
})

test('a worker that drains by itself is served for, is not charged with a death, and is replaced when it has gone', () => {
  const daemon = serving()
  daemon.send({ type: 'child.draining', seat: 0, cause: 'terminated' })
  assert.deepEqual(lent(daemon), ['0: 2'])
  assert.ok(namesOf(daemon.exit(0, code(0))).includes('spawn'), 'not at once')
  assert.deepEqual(daemon.state.places[0]!.current.deaths, [])
})

test('a worker that ends after an exception is served for, and its end counts as a death', () => {
  const daemon = serving()
  daemon.send({ type: 'child.draining', seat: 0, cause: 'failed' })
  assert.deepEqual(lent(daemon), ['0: 2'])
  daemon.exit(0, code(1))
  assert.equal(daemon.state.places[0]!.current.deaths.length, 1)
})

test('scaled away: the socket stays lent, and scaling up takes it back', () => {
  const daemon = serving()
  daemon.request({ type: 'scale', proc: 1 })
  assert.deepEqual(lent(daemon), ['1: 0', '2: 0'])
  daemon.playAlong()
  daemon.request({ type: 'scale', proc: 3 })
  for (const seat of [2, 4]) daemon.listen(seat, HTTP)
  daemon.readyAll()
  assert.deepEqual(lent(daemon), [])
})

test('a reload: the successor has the socket before the old worker leaves it, nothing is lent', () => {
  const { daemon } = rolling(2)
  for (const seat of daemon.workerSeats()) daemon.listen(seat, HTTP)
  daemon.take()
  rollToEnd(daemon, () => {
    for (const seat of daemon.workerSeats()) daemon.listen(seat, HTTP)
  })
  const names = namesOf(daemon.take())
  assert.ok(!names.includes('lend') && !names.includes('close-sockets'), names.join(' '))
})

test('an address that a reload took away is closed when its last worker is told to leave it, not before', () => {
  const daemon = serving(2)
  daemon.request({ type: 'reload' })
  daemon.loadSettings()
  const closed = () => daemon.actions.flatMap((action) => (action.type === 'close-sockets' ? action.keys : []))
  daemon.ready(1)
  daemon.advance(1000)
  assert.equal(daemon.at(0).order, 'drain')
  assert.deepEqual(lent(daemon), ['0: 2'], 'the old worker of the other slot serves both')
  assert.deepEqual(closed(), [])
  daemon.exitOrdered()
  daemon.ready(3)
  daemon.advance(1000)
  assert.equal(daemon.at(2).order, 'drain')
  assert.deepEqual(closed(), [HTTP])
})

test('who is the last on an address is told so', () => {
  const daemon = serving(2)
  const [first, second] = daemon.state.places.map(({ current }) => current.state)
  assert.ok(first?.name === 'ready' && second?.name === 'ready')
  assert.deepEqual(lastKeys(daemon.state, first.child), [])
  daemon.exit(2, killedBy('SIGKILL'))
  assert.deepEqual(lastKeys(daemon.state, first.child), [HTTP])
})

test('at a stop everybody is the last, and nothing is lent', () => {
  const daemon = serving(2)
  const [place] = daemon.state.places
  daemon.signal('SIGTERM')
  assert.deepEqual(daemon.lent, new Map())
  assert.ok(place?.current.state.name === 'ready')
  assert.deepEqual(lastKeys(daemon.state, place.current.state.child), [HTTP])
})

test('a server that the service closed: its address goes when no worker has it, not while one is missing', () => {
  const daemon = serving(2)
  daemon.send({ type: 'child.unlisten', seat: 0, key: HTTP })
  assert.deepEqual(lent(daemon), ['0: 2'])
  daemon.exit(0, killedBy('SIGKILL'))
  assert.deepEqual(namesOf(daemon.send({ type: 'child.unlisten', seat: 2, key: HTTP })), ['take-back'])
  daemon.readyAll()
  daemon.listen(2, HTTP)
  assert.deepEqual(namesOf(daemon.send({ type: 'child.unlisten', seat: 2, key: HTTP })), ['close-sockets'])
})

test('a server that was closed during the start: its address goes when the daemon runs, whoever was ready last', () => {
  const daemon = new SimulatedDaemon({ proc: 2 })
  for (const seat of [0, 2]) {
    daemon.listen(seat, HTTP)
    daemon.send({ type: 'child.unlisten', seat, key: HTTP })
    daemon.ready(seat)
  }
  assert.ok(!namesOf(daemon.take()).includes('close-sockets'))
  assert.ok(namesOf(daemon.ready(STORE_SEAT)).includes('close-sockets'))
})

test('one socket for all is never lent', () => {
  const daemon = SimulatedDaemon.running(2)
  for (const seat of [0, 2]) daemon.listen(seat, 'unix:/run/x.sock', true)
  daemon.exit(0, killedBy('SIGKILL'))
  assert.deepEqual(daemon.state.loans, [])
})

test('bound before a worker asked: who is ready serves it once it has the address', () => {
  const daemon = new SimulatedDaemon({ proc: 2 })
  daemon.send({ type: 'sockets.bound', sockets: [{ key: HTTP, slot: 0 }] })
  daemon.listen(2, HTTP)
  daemon.ready(2)
  assert.deepEqual(lent(daemon), ['0: 2'])
})

test('a loan that the borrower did not take is asked for again', () => {
  const daemon = serving(2)
  daemon.exit(0, killedBy('SIGKILL'))
  const [loan] = daemon.state.loans
  assert.ok(loan)
  assert.deepEqual(namesOf(daemon.send({ type: 'loan.failed', loan })), ['lend'])
  assert.deepEqual(lent(daemon), ['0: 2'])
})

test('an address of a reload that was given up goes with the last worker that had it', () => {
  const daemon = serving(2)
  daemon.request({ type: 'reload' })
  daemon.loadSettings()
  daemon.listen(1, 'tcp:*:81')
  daemon.ready(1)
  daemon.advance(1000)
  daemon.exitOrdered()
  daemon.exit(3, code(1))
  assert.equal(daemon.state.reload.name, 'idle')
  const closed = () => daemon.actions.flatMap((action) => (action.type === 'close-sockets' ? action.keys : []))
  assert.deepEqual(closed(), [], 'worker 0 serves it')
  daemon.exit(1, killedBy('SIGKILL'))
  assert.deepEqual(closed(), [], 'who comes may want it')
  daemon.advance(POLICY.restartDelayMs * 2)
  const [seat = 0] = daemon.workerSeats()
  daemon.listen(seat, HTTP)
  daemon.ready(seat)
  assert.deepEqual(closed(), ['tcp:*:81'])
})

test('a thousand workers with sockets are no more work for each event than a few', () => {
  const proc = 1024
  let state = initialState({ policy: POLICY, proc, run: 'run', now: 0 })
  const send = (event: MasterEvent) => {
    state = decide(state, event, 0).state
  }
  send({ type: 'begin' })
  for (let slot = 0; slot < proc; slot++) {
    send({ type: 'child.listening', seat: slot * 2, socket: { key: HTTP, slot } })
    send({ type: 'child.ready', seat: slot * 2 })
  }
  assert.deepEqual(state.loans, []) // after minutes, when each socket looks at each worker
})
