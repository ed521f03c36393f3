import assert from 'node:assert/strict'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { bindUnix, removeOwnFile } from './bind-unix.ts'
import { bindSocket, closeDescriptor, describeSocket, SOCK_DGRAM } from './socket-calls.ts'

const OPTIONS = { backlog: 1, mode: 0o600, owner: null }
let directory: string
let path: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'myd-unix-'))
  path = join(directory, 'x.sock')
})
afterEach(() => rmSync(directory, { recursive: true }))

test('a file that was left behind is replaced', () => {
  const left = bindUnix(path, OPTIONS)
  closeDescriptor(left.descriptor)
  assert.ok(lstatSync(path).isSocket())
  const { descriptor, file } = bindUnix(path, { ...OPTIONS, mode: 0o666 })
  assert.equal(lstatSync(path).mode & 0o777, 0o666)
  assert.deepEqual(describeSocket(descriptor), { isStream: true, isListening: true, endpoint: { kind: 'unix', path } })
  removeOwnFile(left.file) // whose inode may be the same: then it is this file
  assert.equal(removeOwnFile(file), null)
  assert.ok(!existsSync(path))
  assert.equal(removeOwnFile(file), null)
  closeDescriptor(descriptor)
})

test('a file that cannot be removed is told, and not thrown', () => {
  const run = join(directory, 'run')
  mkdirSync(run)
  const { descriptor, file } = bindUnix(join(run, 'x.sock'), OPTIONS)
  renameSync(run, join(directory, 'moved'))
  writeFileSync(run, 'in the place of the directory')
  assert.match(removeOwnFile(file) ?? '', /ENOTDIR/)
  closeDescriptor(descriptor)
})

test('one that is listened on is not, also when its queue is full', () => {
  const { descriptor } = bindUnix(path, OPTIONS)
  for (let tries = 0; tries < 5; tries++) assert.throws(() => bindUnix(path, OPTIONS), { code: 'EADDRINUSE' })
  closeDescriptor(descriptor)
})

test('nor is a socket of another kind', () => {
  const other = bindSocket(SOCK_DGRAM, { kind: 'unix', path }, path)
  assert.throws(() => bindUnix(path, OPTIONS), { code: 'EADDRINUSE' })
  closeDescriptor(other)
})

test('what is no socket is never touched', () => {
  const message = `bind ${path} (which is there, and no socket): EADDRINUSE`
  writeFileSync(path, 'precious')
  assert.throws(() => bindUnix(path, OPTIONS), { message })
  assert.equal(readFileSync(path, 'utf8'), 'precious')
  rmSync(path)
  mkdirSync(path)
  assert.throws(() => bindUnix(path, OPTIONS), { message })
  rmSync(path, { recursive: true })
  symlinkSync(join(directory, 'elsewhere'), path)
  assert.throws(() => bindUnix(path, OPTIONS), { message })
})

test('an owner that is not there leaves nothing behind', () => {
  for (const [owner, problem] of [
    ['no-such-user', /there is no user no-such-user/],
    [':no-such-group', /there is no group no-such-group/],
    ['a:b:c', /is not user, user:group or :group/],
  ] as const) {
    assert.throws(() => bindUnix(path, { ...OPTIONS, owner }), { syscall: 'chown', message: problem })
    assert.ok(!existsSync(path))
  }
})

test('the owner is set', { skip: process.getuid?.() !== 0 && 'only root may give files away' }, () => {
  for (const [owner, uid, gid] of [
    ['nobody', 65534, 0],
    ['nobody:nogroup', 65534, 65534],
    [':12345', 0, 12345],
  ] as const) {
    const { descriptor, file } = bindUnix(path, { ...OPTIONS, owner })
    const stat = lstatSync(path)
    assert.deepEqual([stat.uid, stat.gid], [uid, gid], owner)
    removeOwnFile(file)
    closeDescriptor(descriptor)
  }
})

test('a directory that is not there', () => {
  const missing = join(directory, 'none', 'x.sock')
  assert.throws(() => bindUnix(missing, OPTIONS), { code: 'ENOENT', message: `bind ${missing}: ENOENT` })
})
