import assert from 'node:assert/strict'
import {
  closeSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import type { InstancePaths } from '../protocol.ts'
import { inspectInstance } from './inspect-instance.ts'
import { tryLock } from './libc.ts'
import {
  isHolderAlive,
  type LockRecord,
  openLock,
  readLockRecord,
  readPidfile,
  removePidfile,
  writeLockRecord,
  writePidfile,
} from './pidfile.ts'
import { identify, readBootId } from './proc.ts'

let directory: string
let paths: InstancePaths

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'myd-pidfile-'))
  paths = { lock: join(directory, 'x.lock'), pidfile: join(directory, 'x.pid') } as InstancePaths
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

function recordOf(state: LockRecord['state'], more: Partial<LockRecord> = {}): LockRecord {
  const holder = identify(process.pid)
  assert.ok(holder !== null)
  return { state, holder, boot: readBootId(), build: 'abc', exit: 0, reason: null, ...more }
}

/** Runs `look` while this process holds the lock. */
function holding(record: LockRecord | string | null, look: () => void): void {
  const fd = openLock(paths.lock)
  try {
    assert.ok(tryLock(fd))
    if (typeof record === 'string') writeFileSync(paths.lock, record)
    else if (record !== null) writeLockRecord(fd, record)
    look()
  } finally {
    closeSync(fd)
  }
}

test('a pidfile is written, read and removed', () => {
  writePidfile(paths.pidfile, 4711)
  assert.equal(readFileSync(paths.pidfile, 'latin1'), '4711\n')
  assert.equal(statSync(paths.pidfile).mode & 0o777, 0o644)
  assert.equal(readPidfile(paths.pidfile), 4711)
  writePidfile(paths.pidfile, 4712)
  assert.equal(readPidfile(paths.pidfile), 4712)
  removePidfile(paths.pidfile, 4712)
  assert.deepEqual(readdirSync(directory), [])
})

test('a pidfile of somebody else is not removed', () => {
  writePidfile(paths.pidfile, 4711)
  removePidfile(paths.pidfile, 4712)
  assert.equal(readPidfile(paths.pidfile), 4711)
  removePidfile(join(directory, 'none'), 4712)
})

test('a link in the place of the pidfile is replaced, not followed', () => {
  const victim = join(directory, 'victim')
  writeFileSync(victim, 'precious')
  symlinkSync(victim, paths.pidfile)
  writePidfile(paths.pidfile, 4711)
  assert.equal(readFileSync(victim, 'utf8'), 'precious')
  assert.ok(lstatSync(paths.pidfile).isFile())
})

test('what else may lie in a pidfile', () => {
  const rows: [string, number | null][] = [
    ['4711', 4711],
    ['4711\n', 4711],
    ['', null],
    ['\n', null],
    ['-1\n', null],
    ['47 11', null],
    ['4711x', null],
    ['4711\n4712\n', null],
    ['99999999999', null],
    ['9'.repeat(1_000_000), null],
    ['\0\0\0', null],
  ]
  for (const [text, expected] of rows) {
    writeFileSync(paths.pidfile, text)
    assert.equal(readPidfile(paths.pidfile), expected, JSON.stringify(text.slice(0, 20)))
  }
  assert.equal(readPidfile(join(directory, 'none')), null)
})

test('the record in the lock file comes back, also a shorter one after a longer one', () => {
  holding(null, () => {
    const fd = openLock(paths.lock)
    assert.equal(readLockRecord(fd), null)
    for (const record of [recordOf('failed', { exit: 78, reason: 'x'.repeat(500) }), recordOf('running')]) {
      writeLockRecord(fd, record)
      assert.deepEqual(readLockRecord(fd), record)
    }
    closeSync(fd)
  })
})

test('the record lives as long as the process that wrote it, in the same boot', () => {
  const record = recordOf('running')
  assert.ok(isHolderAlive(record))
  assert.ok(!isHolderAlive({ ...record, boot: 'another' }))
  assert.ok(!isHolderAlive({ ...record, holder: { ...record.holder, startTime: 1 } }))
})

test('only a plain file with one name is a lock file', () => {
  mkdirSync(paths.lock)
  assert.throws(() => openLock(paths.lock))
  rmSync(paths.lock, { recursive: true })
  symlinkSync('/dev/null', paths.lock)
  assert.throws(() => openLock(paths.lock))
  rmSync(paths.lock)
  writeFileSync(paths.lock, '')
  linkSync(paths.lock, join(directory, 'second'))
  assert.throws(() => openLock(paths.lock), { code: 'CANNOT_CREATE' })
})

test('nobody there', () => {
  assert.deepEqual(inspectInstance(paths), { kind: 'free' })
  closeSync(openLock(paths.lock))
  assert.deepEqual(inspectInstance(paths), { kind: 'free' })
  assert.deepEqual(inspectInstance({ ...paths, lock: join(paths.lock, 'x') }), { kind: 'free' })
})

test('a pidfile without a holder was left behind', () => {
  writePidfile(paths.pidfile, process.pid)
  assert.deepEqual(inspectInstance(paths), { kind: 'stale', pid: process.pid })
  writeFileSync(paths.pidfile, 'garbage')
  assert.deepEqual(inspectInstance(paths), { kind: 'stale', pid: null })
})

test('what is no plain file is foreign', () => {
  mkdirSync(paths.pidfile)
  assert.equal(inspectInstance(paths).kind, 'foreign')
  rmSync(paths.pidfile, { recursive: true })
  mkdirSync(paths.lock)
  assert.equal(inspectInstance(paths).kind, 'foreign')
  rmSync(paths.lock, { recursive: true })
  symlinkSync('/dev/null', paths.lock)
  assert.equal(inspectInstance(paths).kind, 'foreign')
})

test('what the holder of the lock does', () => {
  const { pid } = process
  const rows: [LockRecord['state'], string][] = [
    ['starting', 'starting'],
    ['running', 'running'],
    ['stopping', 'stopping'],
    ['stopped', 'stopping'],
    ['failed', 'stopping'],
  ]
  for (const [state, kind] of rows) {
    holding(recordOf(state), () => assert.deepEqual(inspectInstance(paths), { kind, pid }, state))
  }
})

test('a lock that is held while its record is none, or of somebody dead: someone begins', () => {
  const dead = recordOf('running', { boot: 'another' })
  for (const record of [dead, '', 'garbage', '{}\n', '[1]\n', '{"state":"running","holder":{}}\n', '{"state":1,\n']) {
    holding(record, () => assert.deepEqual(inspectInstance(paths), { kind: 'starting', pid: null }))
  }
})
