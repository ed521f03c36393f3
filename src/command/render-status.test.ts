import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Status, WorkerStatus } from '../admin/control.ts'
import { align, renderStatus } from './render-status.ts'

const NOW = Date.parse('2026-11-20T10:00:00.000Z')
const at = (secondsAgo: number) => new Date(NOW - secondsAgo * 1000).toISOString()

const READY: WorkerStatus = {
  slot: 0,
  pid: 4711,
  state: 'ready',
  startedAt: at(90),
  restarts: 0,
  generation: 2,
  anonBytes: 20 * 1024 * 1024,
  lastExit: null,
  retryInMs: null,
  jobsDone: 120,
  jobsFailed: 3,
  inHand: [17, 18],
}

const WAITING: WorkerStatus = {
  ...READY,
  slot: 1,
  pid: null,
  state: 'backoff',
  startedAt: null,
  restarts: 4,
  generation: null,
  anonBytes: null,
  lastExit: 'SIGSEGV',
  retryInMs: 2500,
  inHand: [],
}

const STATUS: Status = {
  name: 'thumbs',
  version: '1.2.3',
  buildId: 'abc123',
  pid: 4700,
  state: 'running',
  startedAt: at(3700),
  uptimeSeconds: 3700,
  proc: 2,
  generation: 2,
  listen: ['127.0.0.1:8080', '/run/x.sock'],
  workers: [READY, WAITING],
  store: { ...READY, slot: 1024, pid: 4701, startedAt: at(3700), inHand: [] },
  anonBytes: null,
  metrics: {},
}

test('the whole table', () => {
  assert.equal(
    renderStatus(STATUS, NOW),
    [
      'thumbs is running (pid 4700), version 1.2.3, build abc123',
      'up 1 h 1 m, 1 of 2 workers ready, generation 2',
      'listens on 127.0.0.1:8080, /run/x.sock',
      '',
      '          PID   STATE          UP        RESTARTS  LAST EXIT  MEMORY    DONE  FAILED  JOB',
      'master    4700  running        1 h 1 m                        -',
      'store     4701  ready          1 h 1 m   0         -          20.0 MiB',
      'worker 0  4711  ready          1 m 30 s  0         -          20.0 MiB  120   3       17 18',
      'worker 1  -     backoff 2.5 s  -         4         SIGSEGV    -         120   3       -',
      '',
    ].join('\n'),
  )
})

test('a clock that was set back makes no negative age', () => {
  assert.match(renderStatus(STATUS, NOW - 86_400_000), /^up 0 ms,/m)
})

test('columns are as wide as their widest entry', () => {
  assert.deepEqual(
    align([
      ['a', 'bb', 'c'],
      ['aaa', 'b'],
      ['', '', 'ccc'],
    ]),
    ['a    bb  c', 'aaa  b', '         ccc'],
  )
  assert.deepEqual(align([]), [])
})
