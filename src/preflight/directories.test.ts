import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { resolvePaths } from '../settings/paths.ts'
import type { PreflightContext } from './context.ts'
import { assessDirectory, assessParent, checkDirectories, isDirectoryOf, nameDirectories } from './directories.ts'
import { assessFileSystem, findFileSystem } from './file-system.ts'
import { nearestExisting } from './nearest-existing.ts'

const home = mkdtempSync(join(tmpdir(), 'myd-directories-'))
after(() => rmSync(home, { recursive: true }))

const uid = process.getuid?.() ?? 0
const OURS = { isDirectory: true, owner: 1000, mode: 0o40755, writeError: null }

function pathsOf(directory: string) {
  const unset = { runDirectory: null, logDirectory: null, stateDirectory: null }
  return resolvePaths({ name: 'myd', uid, environment: {}, home: directory }, unset)
}

test('a directory that is there', () => {
  const assess = (changes: Partial<typeof OURS> | { writeError: string }) =>
    assessDirectory('the run directory', '/d', { ...OURS, ...changes }, 1000)
  assert.equal(assess({}).level, 'ok')
  assert.equal(assess({ owner: 0 }).level, 'ok')
  assert.match(assess({ owner: 1001 }).message, /belongs to uid 1001/)
  assert.match(assess({ mode: 0o40775 }).message, /written by others \(mode 0775\)/)
  assert.match(assess({ mode: 0o41777 }).message, /written by others \(mode 1777\)/)
  assert.match(assess({ isDirectory: false }).message, /is no directory/)
  assert.match(assess({ writeError: 'EROFS' }).message, /mounted read-only/)
  assert.match(assess({ writeError: 'EIO' }).message, /cannot be written \(EIO\)/)
})

test('a directory that will be made', () => {
  const assess = (changes: Partial<typeof OURS> | { writeError: string }) =>
    assessParent('the run directory', '/p/d', '/p', { ...OURS, ...changes })
  assert.equal(assess({}).level, 'ok')
  assert.equal(assess({ mode: 0o41777 }).level, 'ok')
  assert.equal(assess({ mode: 0o40777 }).level, 'warning')
  assert.equal(assess({ writeError: 'EACCES' }).level, 'failure')
  assert.equal(assess({ isDirectory: false }).level, 'failure')
})

test('real directories', () => {
  const levels = (directory: string) =>
    checkDirectories({ loaded: { paths: pathsOf(directory) }, uid } as unknown as PreflightContext).map(
      ({ level }) => level,
    )
  assert.deepEqual(levels(join(home, 'a/b/c')), ['ok', 'ok'])
  mkdirSync(join(home, 'open'))
  chmodSync(join(home, 'open'), 0o777)
  assert.deepEqual(levels(join(home, 'open')), ['failure', 'warning'])
  writeFileSync(join(home, 'file'), '')
  assert.deepEqual(levels(join(home, 'file')), ['failure', 'failure'])
  symlinkSync('/nonexistent/x', join(home, 'link'))
  assert.deepEqual(levels(join(home, 'link')), ['failure', 'failure'])
  assert.equal(isDirectoryOf(home, uid), true)
  assert.equal(isDirectoryOf(home, uid + 1), false)
  assert.equal(isDirectoryOf(join(home, 'open'), uid), false)
  assert.equal(isDirectoryOf(join(home, 'missing'), uid), false)
})

test('the nearest that exists', () => {
  assert.equal(nearestExisting(join(home, 'x/y/z')).path, home)
  assert.equal(nearestExisting(home).path, home)
})

test('the same directory is named once', () => {
  assert.deepEqual(
    [...nameDirectories(pathsOf('/h'))],
    [
      ['/h', 'the run and log directory'],
      ['/h/state', 'the state directory'],
    ],
  )
})

const MOUNTS = `27 1 254:0 / / rw - ext4 /dev/vda rw
40 27 0:30 / /srv rw - nfs4 server:/srv rw
41 40 0:31 / /srv/my\\040state rw - ext4 /dev/vdb rw
42 27 0:32 / /mnt rw - ext4 /dev/vdc rw
43 42 0:33 / /mnt rw - fuse.sshfs host: rw
`

test('the file system is that of the nearest mount, of the last one there', () => {
  const rows: [string, string][] = [
    ['/var/lib/myd', 'ext4'],
    ['/srv/x', 'nfs4'],
    ['/srv', 'nfs4'],
    ['/srvx', 'ext4'],
    ['/srv/my state/x', 'ext4'],
    ['/mnt/x', 'fuse.sshfs'],
  ]
  for (const [path, type] of rows) assert.equal(findFileSystem(MOUNTS, path), type, path)
  assert.equal(findFileSystem('', '/x'), null)
})

test('a state on the network is refused, one in memory is told', () => {
  const level = (type: string | null) => assessFileSystem('/s', type).level
  for (const type of ['nfs', 'nfs4', 'cifs', 'smb3', '9p', 'ceph', 'afs', 'fuse.sshfs', 'fuse.glusterfs']) {
    assert.equal(level(type), 'failure', type)
  }
  for (const type of ['ext4', 'xfs', 'btrfs', 'zfs', 'overlay', 'fuse.fuse-overlayfs', null]) {
    assert.equal(level(type), 'ok', String(type))
  }
  assert.equal(level('tmpfs'), 'warning')
})
