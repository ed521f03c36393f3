import assert from 'node:assert/strict'
import {
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { openLog } from './log.ts'

const NOTHING = () => {}
let directory: string
let path: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'myd-log-'))
  path = join(directory, 'x.log')
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const linesOf = (file: string) => readFileSync(file, 'utf8').split('\n').slice(0, -1)

test('an event is a line, in the file and for the terminal', () => {
  const echoed: string[] = []
  const log = openLog(path, 'info', (line) => echoed.push(line))
  log.emit({ type: 'log.reopened' })
  log.emit({ type: 'signal.received', signal: 'SIGHUP' })
  log.close()
  const lines = linesOf(path)
  assert.match(lines[0] ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info log\.reopened: log reopened$/)
  assert.equal(lines.length, 2)
  assert.equal(echoed.join(''), readFileSync(path, 'utf8'))
})

test('what is less important than the level is left out', () => {
  const log = openLog(path, 'warning', NOTHING)
  log.emit({ type: 'log.reopened' })
  log.emit({ type: 'control.refused', reason: 'no' })
  log.setLevel('error')
  log.emit({ type: 'control.refused', reason: 'no' })
  log.setLevel('debug')
  log.emit({ type: 'log.reopened' })
  log.close()
  assert.deepEqual(
    linesOf(path).map((line) => line.split(' ')[1]),
    ['warning', 'info'],
  )
})

test('what is there already stays', () => {
  writeFileSync(path, 'before\n')
  const log = openLog(path, 'info', NOTHING)
  log.emit({ type: 'log.reopened' })
  truncateSync(path)
  log.emit({ type: 'log.reopened' })
  log.close()
  assert.equal(linesOf(path).length, 1)
  assert.ok(!readFileSync(path, 'latin1').includes('\0'))
})

test('after a rotation the new file is written', () => {
  const log = openLog(path, 'info', NOTHING)
  log.emit({ type: 'signal.received', signal: 'SIGHUP' })
  renameSync(path, `${path}.1`)
  log.emit({ type: 'signal.received', signal: 'SIGUSR1' })
  log.reopen()
  log.emit({ type: 'log.reopened' })
  log.close()
  assert.deepEqual([linesOf(`${path}.1`).length, linesOf(path).length], [2, 1])
})

test('a log that cannot be opened again stays the one it was', () => {
  const log = openLog(path, 'info', NOTHING)
  renameSync(path, `${path}.1`)
  symlinkSync('/dev/null', path)
  assert.throws(() => log.reopen(), { code: 'ELOOP' })
  log.emit({ type: 'log.reopened' })
  log.close()
  assert.equal(linesOf(`${path}.1`).length, 1)
})

test('only a plain file is a log', () => {
  assert.throws(() => openLog(directory, 'info', NOTHING))
  assert.throws(() => openLog('/dev/null', 'info', NOTHING), { code: 'CANNOT_CREATE' })
})

test('readable for owner and group only, whatever the umask is', () => {
  openLog(path, 'info', NOTHING).close()
  assert.equal(statSync(path).mode & 0o777, 0o640)
})
