import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { boundAddress, listenTcp } from './bind-ip.ts'
import { bindUnix } from './bind-unix.ts'
import { takeInheritedSockets } from './inherited-sockets.ts'
import { bindSocket, closeDescriptor, SOCK_STREAM } from './socket-calls.ts'

const LOOPBACK = { host: '127.0.0.1', port: 0, ipv6Only: false }
const PID = 4711

/** What a process takes that was started with these descriptors from 3 on, and what is left of the variables. */
const PROGRAM = `
import { takeInheritedSockets } from ${JSON.stringify(join(import.meta.dirname, 'inherited-sockets.ts'))}
const environment = { ...process.env, LISTEN_PID: String(process.pid) }
try {
  const sockets = takeInheritedSockets(environment, process.pid)
  console.log(JSON.stringify({ sockets, left: Object.keys(environment).filter((name) => name.startsWith('LISTEN_')) }))
} catch (error) {
  console.log(JSON.stringify({ error: error.message }))
}`

function takeWith(descriptors: readonly number[], environment: Readonly<Record<string, string>>) {
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', PROGRAM]
  const options = { env: { ...environment, LISTEN_FDS: String(descriptors.length) }, encoding: 'utf8' } as const
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe', ...descriptors],
  })
  assert.notEqual(stdout, '', stderr)
  return JSON.parse(stdout)
}

test('sockets are taken with name and address, and nothing is left in the environment', () => {
  const directory = mkdtempSync(join(tmpdir(), 'myd-inherited-'))
  const path = join(directory, 'x.sock')
  const tcp = listenTcp(LOOPBACK, 1, false)
  const unix = bindUnix(path, { backlog: 1, mode: 0o600, owner: null }).descriptor
  const { port } = boundAddress(tcp, false)
  const addresses = [
    { kind: 'tcp', host: '127.0.0.1', port },
    { kind: 'unix', path },
  ]
  const expected = (names: string[]) =>
    names.map((name, index) => ({ descriptor: 3 + index, name, address: addresses[index] }))
  const named = takeWith([tcp, unix], { LISTEN_FDNAMES: 'web:local' })
  assert.deepEqual(named, { sockets: expected(['web', 'local']), left: [] })
  assert.deepEqual(takeWith([tcp, unix], {}).sockets, expected(['unknown', 'unknown']))
  closeDescriptor(tcp)
  closeDescriptor(unix)
  rmSync(directory, { recursive: true })
})

test('what cannot be listened on is refused', () => {
  const bound = bindSocket(SOCK_STREAM, { kind: 'ip', host: '127.0.0.1', port: 0 }, '127.0.0.1:0')
  const { error } = takeWith([bound], { LISTEN_FDNAMES: 'web' })
  assert.equal(error, 'descriptor 3 ("web"), which was passed to listen on, is no listening TCP or unix socket')
  closeDescriptor(bound)
  assert.throws(() => takeInheritedSockets({ LISTEN_PID: `${PID}`, LISTEN_FDS: '1' }, PID), /is no socket/)
})

test('nothing was passed, or to another process', () => {
  for (const LISTEN_PID of [undefined, '1', `${PID}1`]) {
    const environment = { LISTEN_PID, LISTEN_FDS: '1', LISTEN_FDNAMES: 'web', LISTEN_ADDRESS: 'x' }
    assert.deepEqual(takeInheritedSockets(environment, PID), [])
    assert.deepEqual(Object.keys(environment), ['LISTEN_ADDRESS'])
  }
  assert.deepEqual(takeInheritedSockets({ LISTEN_PID: `${PID}` }, PID), [])
})

test('variables that contradict themselves', () => {
  const rows: [environment: Record<string, string>, message: RegExp][] = [
    [{ LISTEN_PID: 'x', LISTEN_FDS: '1' }, /LISTEN_PID is "x"/],
    [{ LISTEN_FDS: '0' }, /LISTEN_FDS is "0"/],
    [{ LISTEN_FDS: '-1' }, /LISTEN_FDS is "-1"/],
    [{ LISTEN_FDS: '1e3' }, /LISTEN_FDS is "1e3"/],
    [{ LISTEN_FDS: '99999' }, /LISTEN_FDS is "99999"/],
    [{ LISTEN_FDS: '2', LISTEN_FDNAMES: 'web' }, /1 names for 2 sockets/],
  ]
  for (const [environment, message] of rows) {
    const given = { LISTEN_PID: `${PID}`, ...environment }
    assert.throws(() => takeInheritedSockets(given, PID), { code: 'START_FAILED', message })
  }
})
