import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  createScoreboard,
  openScoreboard,
  SCOREBOARD_BYTES,
  SCOREBOARD_VERSION,
  type Scoreboard,
  SEAT_COUNT,
} from './scoreboard.ts'

const CHILD = { pid: 42, generation: 3, slot: 1, startedAt: 1_000_000 }
let directory: string
let path: string
let fd: number
let board: Scoreboard

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'myd-scoreboard-'))
  path = join(directory, 'x.scoreboard')
  const made = createScoreboard(path, 4711)
  fd = made.fd
  board = made.board
})
after(() => {
  closeSync(fd)
  rmSync(directory, { recursive: true, force: true })
})

/** The same file, mapped once more. */
function openAgain(): Scoreboard {
  const again = openSync(path, 'r')
  try {
    return openScoreboard(again, 'read')
  } finally {
    closeSync(again)
  }
}

test('the header as it is described', () => {
  const bytes = readFileSync(path)
  assert.equal(bytes.length, SCOREBOARD_BYTES)
  assert.equal(bytes.toString('latin1', 0, 4), 'MYDB')
  assert.deepEqual([bytes.readInt32LE(4), bytes.readInt32LE(8)], [SCOREBOARD_VERSION, 4711])
  board.setWanted(8)
  assert.equal(readFileSync(path).readInt32LE(12), 8)
  assert.equal(statSync(path).mode & 0o777, 0o640)
})

test('an empty seat', () => {
  assert.deepEqual(board.read(7), {
    ...{ state: 'empty', pid: 0, generation: 0, slot: 0, startedAt: 0, heartbeatAt: 0 },
    ...{ jobsDone: 0, jobsFailed: 0, busyMicroseconds: 0, inHand: [] },
  })
})

test('a child in its seat, as another process sees it', () => {
  board.enter(2, CHILD)
  assert.equal(openAgain().read(2).state, 'starting')
  const seat = board.seat(2)
  seat.setState('ready')
  seat.beat(1_000_500)
  seat.countJob('done', 1.5)
  seat.countJob('done', 2)
  seat.countJob('failed', 0)
  assert.deepEqual(openAgain().read(2), {
    ...{ ...CHILD, state: 'ready', heartbeatAt: 1_000_500 },
    ...{ jobsDone: 2, jobsFailed: 1, busyMicroseconds: 3500, inHand: [] },
  })
})

test('the layout of a seat as it is described', () => {
  board.enter(3, CHILD)
  board.seat(3).takeInHand(77).ownGroup(500, 600)
  const seat = readFileSync(path).subarray(4096 + 3 * 512, 4096 + 4 * 512)
  assert.deepEqual([seat.readInt32LE(0), seat.readInt32LE(4), seat.readInt32LE(8), seat.readInt32LE(12)], [1, 42, 3, 1])
  assert.equal(seat.readBigInt64LE(16), 1_000_000n)
  assert.deepEqual(
    [128, 136, 144].map((offset) => seat.readBigInt64LE(offset)),
    [77n, 500n, 600n],
  )
  board.leave(3)
})

test('jobs in hand come and go, eight at most', () => {
  const seat = board.seat(4)
  const held = [1, 2, 3, 4, 5, 6, 7, 8].map((id) => seat.takeInHand(id))
  assert.throws(() => seat.takeInHand(9), /more jobs in hand/)
  held[2]?.ownGroup(33, 44)
  held[5]?.release()
  const { inHand } = board.read(4)
  assert.deepEqual(
    inHand.map(({ jobId }) => jobId),
    [1, 2, 3, 4, 5, 7, 8],
  )
  assert.deepEqual(inHand[2], { jobId: 3, group: 33, startTime: 44 })
  seat.takeInHand(9)
  assert.deepEqual(board.read(4).inHand[5], { jobId: 9, group: 0, startTime: 0 })
})

test('who has ended leaves its counters, for the next one to go on with', () => {
  board.enter(5, CHILD)
  board.seat(5).countJob('done', 1)
  board.seat(5).takeInHand(9)
  board.leave(5)
  const { state, pid, inHand, jobsDone } = board.read(5)
  assert.deepEqual([state, pid, inHand, jobsDone], ['empty', 0, [], 1])
  board.enter(5, { ...CHILD, pid: 43 })
  board.seat(5).countJob('done', 1)
  assert.equal(board.read(5).jobsDone, 2)
})

test('the last seat lies within the file, and beside no other', () => {
  board.enter(SEAT_COUNT - 1, CHILD)
  assert.equal(board.read(SEAT_COUNT - 1).pid, 42)
  assert.equal(board.read(SEAT_COUNT - 2).pid, 0)
})

test('a new file takes the place of the old one, which stays for those who have it', () => {
  const other = join(directory, 'y.scoreboard')
  const first = createScoreboard(other, 1)
  const second = createScoreboard(other, 2)
  assert.equal(readFileSync(other).readInt32LE(8), 2)
  first.board.enter(0, CHILD)
  assert.deepEqual([first.board.read(0).pid, second.board.read(0).pid], [42, 0])
  closeSync(first.fd)
  closeSync(second.fd)
})

test('what is no scoreboard, or one of another version, is refused', () => {
  const other = join(directory, 'z.scoreboard')
  writeFileSync(other, Buffer.alloc(SCOREBOARD_BYTES))
  const zero = openSync(other, 'r+')
  assert.throws(() => openScoreboard(zero, 'read'), /not a scoreboard/)
  const header = Buffer.from('MYDB\0\0\0\0')
  header.writeInt32LE(SCOREBOARD_VERSION + 1, 4)
  writeSync(zero, header, 0, 8, 0)
  assert.throws(() => openScoreboard(zero, 'read'), /scoreboard version 2, this program reads 1/)
  closeSync(zero)
})
