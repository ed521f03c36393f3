import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  identify,
  isSameProcess,
  listChildren,
  listPids,
  parseStat,
  readAnonBytes,
  readBootId,
  readEnvironment,
  readStat,
} from './proc.ts'

/** More than the kernel ever gives (2^22). */
const NO_PID = 4_194_305

const stat = (comm: string) =>
  `4711 (${comm}) S 4700 4711 4700 34816 4711 4194304 1 2 3 4 5 6 7 8 20 0 11 0 987654 1000 200 18446744073709551615\n`

test('the fields of stat', () => {
  assert.deepEqual(parseStat(stat('node')), {
    pid: 4711,
    comm: 'node',
    state: 'S',
    parentPid: 4700,
    group: 4711,
    session: 4700,
    tty: 34816,
    startTime: 987654,
  })
})

test('a name with spaces and parentheses hides nothing', () => {
  for (const comm of ['tmux: server', '(sd-pam)', 'a) R 1 1 1', ') (', '', 'a\nb']) {
    const parsed = parseStat(stat(comm))
    assert.deepEqual([parsed.comm, parsed.state, parsed.parentPid, parsed.startTime], [comm, 'S', 4700, 987654])
  }
})

test('this process', () => {
  const own = readStat(process.pid)
  assert.deepEqual([own?.pid, own?.parentPid], [process.pid, process.ppid])
  assert.ok(listPids().includes(process.pid))
  assert.ok(listChildren(process.ppid).includes(process.pid))
  assert.ok((readAnonBytes(process.pid) ?? 0) > 1024 * 1024)
  assert.ok(readEnvironment(process.pid)?.some((entry) => entry.startsWith('PATH=')))
})

test('a process is itself by pid and start time together', () => {
  const own = identify(process.pid)
  assert.ok(own !== null)
  assert.ok(isSameProcess(own))
  assert.ok(!isSameProcess({ ...own, startTime: own.startTime - 1 }))
})

test('a process that is not there', () => {
  assert.equal(readStat(NO_PID), null)
  assert.equal(identify(NO_PID), null)
  assert.equal(isSameProcess({ pid: NO_PID, startTime: 1 }), false)
  assert.equal(readEnvironment(NO_PID), null)
  assert.equal(readAnonBytes(NO_PID), null)
  assert.deepEqual(listChildren(NO_PID), [])
})

test('the boot has a name', () => {
  assert.match(readBootId(), /^[0-9a-f-]{36}$/)
})
