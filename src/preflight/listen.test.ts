import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { INSTANCE_VARIABLE } from '../protocol.ts'
import { boundAddress, listenTcp } from '../system/bind-ip.ts'
import { bindUnix } from '../system/bind-unix.ts'
import { closeDescriptor } from '../system/socket-calls.ts'
import type { PreflightContext } from './context.ts'
import { assessBind, assessNamed, assessTaken, checkListen } from './listen.ts'
import { assessBacklog, assessOwner } from './socket-options.ts'

const directory = mkdtempSync(join(tmpdir(), 'myd-listen-'))
after(() => rmSync(directory, { recursive: true }))
const uid = process.getuid?.() ?? 0

function check(listen: string[], changes: Partial<PreflightContext> = {}) {
  const settings = { listen, 'socket.ipv6Only': false, 'socket.backlog': 1, 'socket.owner': null }
  const context = { loaded: { settings }, launch: { service: null }, instance: { kind: 'free' }, uid, ...changes }
  return checkListen(context as unknown as PreflightContext)
}

function openPort(): { descriptor: number; port: number } {
  const descriptor = listenTcp({ host: '127.0.0.1', port: 0, ipv6Only: false }, 1, true)
  return { descriptor, port: boundAddress(descriptor, false).port }
}

test('what can be had; what is written wrongly was told before', () => {
  const path = join(directory, 'free.sock')
  assert.deepEqual(
    check(['127.0.0.1:0', path, 'nonsense']).map(({ level, message }) => [level, message]),
    [
      ['ok', 'listens on 127.0.0.1:0'],
      ['ok', `listens on ${path}`],
    ],
  )
  assert.ok(!existsSync(path), 'nothing is made')
})

test('a port in use: by whom; by this very instance it is fine', () => {
  const { descriptor, port } = openPort()
  const [taken] = check([`127.0.0.1:${port}`])
  assert.equal(taken?.level, 'failure')
  assert.ok(
    taken.message.startsWith(`127.0.0.1:${port} is in use by `) && taken.message.includes(`(pid ${process.pid})`),
  )
  for (const pid of [process.pid, process.ppid]) {
    const own = check([`127.0.0.1:${port}`], { instance: { kind: 'running', pid } })
    assert.deepEqual([own[0]?.level, own[0]?.message], ['ok', `listens on 127.0.0.1:${port}`])
  }
  assert.equal(check([`127.0.0.1:${port}`], { instance: { kind: 'running', pid: 1 } })[0]?.level, 'failure')
  closeDescriptor(descriptor)
  assert.equal(check([`127.0.0.1:${port}`])[0]?.level, 'ok')
})

test('a socket that systemd passed is not in its own way', () => {
  const { descriptor, port } = openPort()
  const address = { kind: 'tcp', host: '127.0.0.1', port } as const
  const start = { inherited: [{ descriptor, name: 'web', address }], instanceName: null }
  const findings = check([`127.0.0.1:${port}`, 'systemd:web', 'systemd:other'], { start })
  const passed = `web (127.0.0.1:${port})`
  assert.deepEqual(
    findings.map(({ level, message }) => [level, message]),
    [
      ['ok', `listens on systemd:${passed}`],
      ['ok', `listens on systemd:${passed}`],
      ['failure', `systemd passed no socket named other (passed: ${passed})`],
    ],
  )
  closeDescriptor(descriptor)
})

test('names of systemd before a start, and with nothing passed', () => {
  assert.equal(assessNamed('web', undefined).level, 'ok')
  assert.match(assessNamed('web', []).message, /\(passed: none\)$/)
})

test('unix sockets: live, left behind, in the way, and where they cannot be', () => {
  const live = join(directory, 'live.sock')
  const left = join(directory, 'left.sock')
  const file = join(directory, 'file')
  const [first, second] = [live, left].map((path) => bindUnix(path, { backlog: 1, mode: 0o600, owner: null }))
  closeDescriptor(second!.descriptor)
  writeFileSync(file, '')
  const rows: [path: string, level: string, message: RegExp][] = [
    [live, 'failure', new RegExp(`is in use by .*\\(pid ${process.pid}\\)`)],
    [left, 'ok', /listens on/],
    [file, 'failure', /is there, and no socket/],
    [directory, 'failure', /is there, and no socket/],
    [join(directory, 'none', 'x.sock'), 'failure', /there is no directory/],
    [join(file, 'x.sock'), 'failure', /there is no directory/],
  ]
  for (const [path, level, message] of rows) {
    const [finding] = check([path])
    assert.equal(finding?.level, level, path)
    assert.match(finding.message, message)
  }
  assert.equal(check([live], { instance: { kind: 'running', pid: process.pid } })[0]?.level, 'ok')
  closeDescriptor(first!.descriptor)
})

test('a directory that this user may not write', { skip: uid === 0 && 'root may write everywhere' }, () => {
  const closed = join(directory, 'closed')
  mkdirSync(closed, { mode: 0o500 })
  assert.match(check([join(closed, 'x.sock')])[0]?.message ?? '', /cannot be written by this user \(EACCES\)/)
})

test('why a bind fails', () => {
  const assess = (errno: string | null) => assessBind('a:80', errno, 1024, ['127.0.0.1', '::1'])
  assert.equal(assess(null).level, 'ok')
  assert.match(assess('EACCES').message, /ports below 1024 are for root/)
  assert.match(assess('EADDRNOTAVAIL').message, /no address of this host/)
  assert.match(assess('EADDRNOTAVAIL').advice, /127\.0\.0\.1, ::1, or \*/)
  assert.match(assess('EAFNOSUPPORT').message, /no IPv6/)
  assert.match(assess('EMFILE').message, /EMFILE/)
  assert.equal(check(['192.0.2.1:8080'])[0]?.message, '192.0.2.1:8080 is no address of this host')
})

test('who has an address', () => {
  const [nginx, other] = [
    { pid: 12, comm: 'nginx' },
    { pid: 13, comm: 'nginx' },
  ] as const
  const assess = (holders: { pid: number; comm: string }[], ours: number[] = []) =>
    assessTaken('*:80', holders, (pid) => ours.includes(pid)).message
  assert.equal(assess([nginx]), '*:80 is in use by nginx (pid 12)')
  assert.equal(assess([nginx, other]), '*:80 is in use by nginx (pid 12) and 1 more')
  assert.equal(assess([nginx, other], [12]), '*:80 is in use by nginx (pid 13)')
  assert.equal(assess([nginx, other], [12, 13]), 'listens on *:80')
  assert.equal(assess([]), '*:80 is in use by another program')
})

test('what an earlier run left behind is no obstacle to a start', async (t) => {
  const { descriptor, port } = openPort()
  const mark = 'myd.1.2'
  const env = { [INSTANCE_VARIABLE]: mark }
  const left = spawn('/bin/sleep', ['60'], { env, stdio: ['ignore', 'ignore', 'ignore', descriptor] })
  t.after(() => left.kill('SIGKILL'))
  await new Promise((resolve) => left.once('spawn', resolve))
  closeDescriptor(descriptor)
  const checkFor = (instanceName: string) => check([`127.0.0.1:${port}`], { start: { inherited: [], instanceName } })
  assert.equal(checkFor(mark)[0]?.level, 'ok')
  assert.equal(checkFor(`${mark}3`)[0]?.message, `127.0.0.1:${port} is in use by sleep (pid ${left.pid})`)
})

test('backlog and owner against what the host allows', () => {
  assert.deepEqual(assessBacklog(4096, 4096), [])
  assert.match(assessBacklog(4097, 128)[0]?.message ?? '', /is 4097, and this kernel keeps 128/)
  const rows: [owner: Parameters<typeof assessOwner>[0], user: number, isWrong: boolean][] = [
    [{ uid: 5, gid: 5 }, 0, false],
    [{ uid: -1, gid: 5 }, 1000, false],
    [{ uid: 1000, gid: -1 }, 1000, false],
    [{ uid: 1000, gid: 6 }, 1000, true],
    [{ uid: 5, gid: -1 }, 1000, true],
    [{ problem: 'there is no user x' }, 0, true],
  ]
  for (const [owner, user, isWrong] of rows) assert.equal(assessOwner(owner, user, [5]).length, isWrong ? 1 : 0)
})
