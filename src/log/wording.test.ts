import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChildName, DaemonEvent } from '../events.ts'
import type { LogLevel } from '../protocol.ts'
import { wordEvent } from './wording.ts'

const worker: ChildName = { kind: 'worker', slot: 3, pid: 42 }
const nobody: ChildName = { kind: 'worker', slot: 3, pid: null }
const store: ChildName = { kind: 'store', slot: 0, pid: 41 }
const KILL = { kind: 'signal', signal: 'SIGKILL' } as const

const ROWS: [DaemonEvent, LogLevel, string][] = [
  [
    { type: 'daemon.starting', version: '1.0.0', build: 'ab', proc: 1 },
    'info',
    'version 1.0.0 build ab starts with 1 worker',
  ],
  [{ type: 'daemon.ready', tookMs: 250, proc: 8 }, 'info', 'ready after 250 ms: 8 workers'],
  [{ type: 'daemon.failed', reason: 'no', exit: 78 }, 'error', 'the start failed (exit 78): no'],
  [{ type: 'daemon.stopping', cause: 'SIGTERM' }, 'info', 'stops: SIGTERM'],
  [{ type: 'daemon.stopped', exit: 0 }, 'info', 'stopped, exit 0'],
  [{ type: 'leftovers.ended', pids: [1, 2] }, 'warning', 'ended what a dead instance left: pids 1 2'],
  [{ type: 'child.started', child: worker, generation: 2 }, 'debug', 'worker 3 (pid 42) started, generation 2'],
  [{ type: 'child.ready', child: store, bootMs: 1500 }, 'info', 'store (pid 41) is ready after 1.5 s'],
  [{ type: 'child.unable', child: worker, message: 'no', stack: null }, 'error', 'worker 3 (pid 42) cannot start: no'],
  [
    { type: 'child.unable', child: worker, message: 'no', stack: 'at x' },
    'error',
    'worker 3 (pid 42) cannot start: no\nat x',
  ],
  [
    { type: 'child.exited', child: worker, reason: KILL, cause: null, inHand: [7, 8] },
    'warning',
    'worker 3 (pid 42) ended: SIGKILL, not by us, jobs in hand 7 8',
  ],
  [
    { type: 'child.exited', child: worker, reason: { kind: 'code', code: 0 }, cause: 'reload', inHand: [] },
    'info',
    'worker 3 (pid 42) ended: exit 0, by us: reload',
  ],
  [
    { type: 'child.killed', child: worker, cause: 'boot-timeout' },
    'warning',
    'worker 3 (pid 42) gets KILL: boot-timeout',
  ],
  [
    { type: 'child.unkillable', child: worker },
    'error',
    'worker 3 (pid 42) does not end after KILL; it hangs in the kernel',
  ],
  [{ type: 'child.spawn-failed', child: nobody, message: 'EAGAIN' }, 'error', 'worker 3 cannot be started: EAGAIN'],
  [{ type: 'child.output', child: worker, stream: 'stderr', text: 'hi' }, 'info', 'worker 3 (pid 42) stderr: hi'],
  [
    { type: 'child.log', child: worker, level: 'debug', message: 'done', fields: { id: 7, path: '/a b' } },
    'debug',
    'worker 3 (pid 42): done id=7 path="/a b"',
  ],
  [
    { type: 'slot.backoff', child: nobody, delayMs: 900, deaths: 1 },
    'warning',
    'worker 3 is started again in 900 ms, death 1',
  ],
  [
    { type: 'slot.failed', child: nobody, retryMs: 300_000, deaths: 5 },
    'error',
    'worker 3 has failed after 5 deaths, tried again in 5 m 0 s',
  ],
  [
    { type: 'slot.failed', child: nobody, retryMs: null, deaths: 1 },
    'error',
    'worker 3 has failed after 1 death, not tried again before a reload',
  ],
  [{ type: 'reload.started', generation: 2 }, 'info', 'reload begins, generation 2'],
  [{ type: 'reload.done', generation: 2, tookMs: 61_000 }, 'info', 'reload done after 1 m 1 s, generation 2'],
  [{ type: 'reload.rejected', reason: 'no' }, 'error', 'reload rejected, nothing else is changed: no'],
  [{ type: 'scale.changed', from: 2, to: 4 }, 'info', 'workers wanted: 2 → 4'],
  [{ type: 'signal.received', signal: 'SIGHUP' }, 'info', 'received SIGHUP'],
  [{ type: 'signal.ignored', signal: 'SIGUSR2', reason: 'no' }, 'warning', 'SIGUSR2 ignored: no'],
  [
    { type: 'socket.file-left', path: '/run/x.sock', reason: 'EROFS' },
    'warning',
    '/run/x.sock cannot be removed, nobody listens there any more: EROFS',
  ],
  [{ type: 'control.refused', reason: 'no' }, 'warning', 'refused: no'],
  [{ type: 'log.reopened' }, 'info', 'log reopened'],
  [{ type: 'log.lost', lines: 1, reason: 'full' }, 'error', '1 log line lost: full'],
]

test('every event in words', () => {
  for (const [event, level, sentence] of ROWS) {
    assert.deepEqual(wordEvent(event), { level, event: event.type, sentence }, event.type)
  }
})

test('commands of a dead worker', () => {
  const ended = wordEvent({ type: 'commands.ended', worker: 'r-0-1', pids: [5] })
  assert.deepEqual([ended.level, ended.event], ['info', 'commands.ended'])
  assert.match(ended.sentence, /r-0-1.* 5$/)
  assert.equal(wordEvent({ type: 'commands.unkillable', worker: 'r-0-1', pids: [5] }).level, 'error')
})
