/**
 * The scoreboard: a file of fixed size in the run directory, mapped shared by the master and its children. Each child
 * writes its own seat, nobody sends a message to count, and it can be read when the master hangs or is dead.
 *
 * Layout, little endian (version 1; a change raises the version, readers of another version refuse):
 *   header, 4096 bytes: 0 magic "MYDB" · 4 version i32 · 8 pid of the master i32 · 12 workers wanted i32 ·
 *     16 start of the master, wall ms i64 · 24 heartbeat of the master (reserved) i64
 *   seats, 512 bytes each: 0 state i32 · 4 pid i32 · 8 generation i32 · 12 slot i32 · 16 started, monotonic ms i64 ·
 *     24 heartbeat, monotonic ms i64 · 32 jobs done i64 · 40 jobs failed i64 · 48 busy µs i64 · 56–127 reserved i64 ·
 *     128 eight entries of what is in hand, 32 bytes each: job id i64 (0: free) · process group i64 ·
 *     its start time in clock ticks i64 · reserved i64
 * Counters of a seat go on over the children that sit in it. The file is never truncated: it is mapped elsewhere.
 */
import { closeSync, constants, ftruncateSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { wallMs } from '../clock.ts'
import { withMode } from '../system/exact-mode.ts'
import { mapShared } from '../system/libc.ts'

const MAGIC = 0x4244_594d
export const SCOREBOARD_VERSION = 1
const HEADER_BYTES = 4096
const SEAT_BYTES = 512
/** Two for each of 1024 workers, two for the store. */
export const SEAT_COUNT = 2050
export const SCOREBOARD_BYTES = HEADER_BYTES + SEAT_COUNT * SEAT_BYTES
const IN_HAND_OFFSET = 128
const IN_HAND_BYTES = 32
const IN_HAND_COUNT = 8

export const SEAT_STATES = ['empty', 'starting', 'ready', 'draining'] as const
export type SeatState = (typeof SEAT_STATES)[number]

/** A job that is being run and the command that runs it (group 0: none). */
export interface InHandEntry {
  readonly jobId: number
  readonly group: number
  /** Clock ticks after boot, of the group's leader. */
  readonly startTime: number
}

export interface SeatRecord {
  readonly state: SeatState
  readonly pid: number
  readonly generation: number
  readonly slot: number
  readonly startedAt: number
  readonly heartbeatAt: number
  readonly jobsDone: number
  readonly jobsFailed: number
  readonly busyMicroseconds: number
  readonly inHand: readonly InHandEntry[]
}

/** A job in hand, as its worker sees it. */
export interface InHand {
  /** The command of this job: from now on it is ended when the worker dies. */
  ownGroup(group: number, startTime: number): void
  release(): void
}

/** What a worker says of its jobs. */
export interface JobBoard {
  /** @throws when more jobs are in hand than a seat can hold (a bug) */
  takeInHand(jobId: number): InHand
  countJob(outcome: 'done' | 'failed', busyMs: number): void
}

/** One child's own record. */
export interface Seat extends JobBoard {
  setState(state: SeatState): void
  beat(atMonotonicMs: number): void
}

export interface Scoreboard {
  readonly seat: (index: number) => Seat
  readonly read: (index: number) => SeatRecord
  /** Monotonic ms. */
  readonly heartbeatOf: (index: number) => number
  /** The master enters a child that it starts. */
  readonly enter: (index: number, child: { pid: number; generation: number; slot: number; startedAt: number }) => void
  readonly setPid: (index: number, pid: number) => void
  /** The master clears the seat of a child that has ended. */
  readonly leave: (index: number) => void
  readonly setWanted: (proc: number) => void
}

/** Makes a new file (beside, then renamed: the old one may still be mapped) and opens it. @returns descriptor and board */
export function createScoreboard(path: string, masterPid: number): { fd: number; board: Scoreboard } {
  const { O_CREAT, O_EXCL, O_RDWR, O_NOFOLLOW } = constants
  const beside = `${path}.${masterPid}`
  rmSync(beside, { force: true })
  const fd = withMode(0o640, () => openSync(beside, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW, 0o640))
  try {
    ftruncateSync(fd, SCOREBOARD_BYTES)
    const header = Buffer.alloc(32)
    header.writeInt32LE(MAGIC, 0)
    header.writeInt32LE(SCOREBOARD_VERSION, 4)
    header.writeInt32LE(masterPid, 8)
    header.writeBigInt64LE(BigInt(wallMs()), 16)
    writeSync(fd, header, 0, header.length, 0)
    renameSync(beside, path)
  } catch (error) {
    closeSync(fd)
    throw error
  }
  return { fd, board: openScoreboard(fd, 'write') }
}

/** Maps a scoreboard. @throws when it is none, or one of another version */
export function openScoreboard(fd: number, access: 'read' | 'write'): Scoreboard {
  const memory = mapShared(fd, SCOREBOARD_BYTES, access)
  const words = new Int32Array(memory)
  if (words[0] !== MAGIC) throw new Error('not a scoreboard')
  if (words[1] !== SCOREBOARD_VERSION) {
    throw new Error(`scoreboard version ${words[1]}, this program reads ${SCOREBOARD_VERSION}`)
  }
  const longs = new BigInt64Array(memory)
  return {
    seat: (index) => openSeat(words, longs, index),
    read: (index) => readSeat(words, longs, index),
    heartbeatOf: (index) => Number(Atomics.load(longs, longOf(index) + 3)),
    enter: (index, child) => enterSeat(words, longs, index, child),
    setPid: (index, pid) => void Atomics.store(words, wordOf(index) + 1, pid),
    leave: (index) => leaveSeat(words, longs, index),
    setWanted: (proc) => Atomics.store(words, 3, proc),
  }
}

const wordOf = (seat: number) => (HEADER_BYTES + seat * SEAT_BYTES) / 4
const longOf = (seat: number) => (HEADER_BYTES + seat * SEAT_BYTES) / 8
const inHandOf = (seat: number, entry: number) => longOf(seat) + (IN_HAND_OFFSET + entry * IN_HAND_BYTES) / 8

function readSeat(words: Int32Array, longs: BigInt64Array, index: number): SeatRecord {
  const word = wordOf(index)
  const long = longOf(index)
  const number = (offset: number) => Number(Atomics.load(longs, long + offset))
  return {
    state: SEAT_STATES[Atomics.load(words, word)] ?? 'empty',
    pid: Atomics.load(words, word + 1),
    generation: Atomics.load(words, word + 2),
    slot: Atomics.load(words, word + 3),
    startedAt: number(2),
    heartbeatAt: number(3),
    jobsDone: number(4),
    jobsFailed: number(5),
    busyMicroseconds: number(6),
    inHand: readInHand(longs, index),
  }
}

function readInHand(longs: BigInt64Array, seat: number): InHandEntry[] {
  const entries: InHandEntry[] = []
  for (let entry = 0; entry < IN_HAND_COUNT; entry++) {
    const at = inHandOf(seat, entry)
    const jobId = Number(Atomics.load(longs, at))
    if (jobId <= 0) continue
    entries.push({ jobId, group: Number(Atomics.load(longs, at + 1)), startTime: Number(Atomics.load(longs, at + 2)) })
  }
  return entries
}

function enterSeat(words: Int32Array, longs: BigInt64Array, index: number, child: Parameters<Scoreboard['enter']>[1]) {
  const word = wordOf(index)
  const long = longOf(index)
  Atomics.store(words, word + 1, child.pid)
  Atomics.store(words, word + 2, child.generation)
  Atomics.store(words, word + 3, child.slot)
  Atomics.store(longs, long + 2, BigInt(child.startedAt))
  Atomics.store(longs, long + 3, BigInt(child.startedAt))
  Atomics.store(words, word, SEAT_STATES.indexOf('starting'))
}

function leaveSeat(words: Int32Array, longs: BigInt64Array, index: number) {
  const word = wordOf(index)
  Atomics.store(words, word, 0)
  Atomics.store(words, word + 1, 0)
  for (let entry = 0; entry < IN_HAND_COUNT; entry++) Atomics.store(longs, inHandOf(index, entry), 0n)
}

function openSeat(words: Int32Array, longs: BigInt64Array, index: number): Seat {
  const word = wordOf(index)
  const long = longOf(index)
  return {
    setState: (state) => void Atomics.store(words, word, SEAT_STATES.indexOf(state)),
    beat: (at) => void Atomics.store(longs, long + 3, BigInt(at)),
    takeInHand: (jobId) => takeInHand(longs, index, jobId),
    countJob(outcome, busyMs) {
      Atomics.add(longs, long + (outcome === 'done' ? 4 : 5), 1n)
      Atomics.add(longs, long + 6, BigInt(Math.round(busyMs * 1000)))
    },
  }
}

function takeInHand(longs: BigInt64Array, seat: number, jobId: number): InHand {
  for (let entry = 0; entry < IN_HAND_COUNT; entry++) {
    const at = inHandOf(seat, entry)
    if (Atomics.load(longs, at) !== 0n) continue
    Atomics.store(longs, at + 1, 0n)
    Atomics.store(longs, at + 2, 0n)
    Atomics.store(longs, at, BigInt(jobId))
    return {
      ownGroup(group, startTime) {
        Atomics.store(longs, at + 2, BigInt(startTime))
        Atomics.store(longs, at + 1, BigInt(group))
      },
      release: () => void Atomics.store(longs, at, 0n),
    }
  }
  throw new Error('more jobs in hand than a seat can hold')
}
