import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ListenAddress } from './address.ts'
import { boundAddress, listenTcp } from './bind-ip.ts'
import { bindUnix } from './bind-unix.ts'
import { findListeners, parseListening, parseListeningUnix } from './find-listener.ts'
import { closeDescriptor } from './socket-calls.ts'

const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1617 1 00000000df058a7b 100 0 0 10 0
   1: 0100007F:1F90 0100007F:2B60 06 00000000:00000000 03:000014E5 00000000     0        0 0 3 000000000b71122f
`
const TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:5C27 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1690699 1 00000000a5c59077 100 0 0 10 0
   1: B80D0120000000000000000034120000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7 1 00000000a5c59077 100 0 0 10 0
`
const UNIX = `Num       RefCount Protocol Flags    Type St Inode Path
00000000df5f2d9c: 00000003 00000000 00000000 0001 03 1801695
00000000df5f2d9d: 00000002 00000000 00010000 0001 01 42 /run/a b.sock
00000000df5f2d9e: 00000003 00000000 00000000 0001 03    43 /run/a b.sock
`
const LOOPBACK = { host: '127.0.0.1', port: 0, ipv6Only: false }

test('the tables of the kernel', () => {
  assert.deepEqual(parseListening(TCP), [{ host: '127.0.0.1', port: 8080, inode: '1617' }])
  assert.deepEqual(parseListening(TCP6), [
    { host: '::1', port: 23591, inode: '1690699' },
    { host: '2001:db8::1234', port: 80, inode: '7' },
  ])
  assert.deepEqual(parseListening(''), [])
  assert.deepEqual(parseListeningUnix(UNIX, '/run/a b.sock'), ['42'])
  assert.deepEqual(parseListeningUnix(UNIX, ''), [])
})

test('this process is found by what it listens on, whatever is asked for that it is in the way of', () => {
  const directory = mkdtempSync(join(tmpdir(), 'myd-find-'))
  const path = join(directory, 'x.sock')
  const tcp = listenTcp(LOOPBACK, 1, false)
  const unix = bindUnix(path, { backlog: 1, mode: 0o600, owner: null }).descriptor
  const { port } = boundAddress(tcp, false)
  const rows: [address: ListenAddress, isFound: boolean][] = [
    [{ kind: 'tcp', host: '127.0.0.1', port }, true],
    [{ kind: 'tcp', host: null, port }, true],
    [{ kind: 'tcp', host: '::', port }, true],
    [{ kind: 'tcp', host: '0.0.0.0', port }, true],
    [{ kind: 'tcp', host: '127.0.0.2', port }, false],
    [{ kind: 'tcp', host: '::1', port }, false],
    [{ kind: 'unix', path }, true],
    [{ kind: 'unix', path: `${path}x` }, false],
    [{ kind: 'systemd', name: 'x' }, false],
  ]
  for (const [address, isFound] of rows) {
    const pids = findListeners(address).map(({ pid }) => pid)
    assert.deepEqual(pids, isFound ? [process.pid] : [], JSON.stringify(address))
  }
  closeDescriptor(tcp)
  closeDescriptor(unix)
  assert.deepEqual(findListeners({ kind: 'unix', path }), [])
  rmSync(directory, { recursive: true })
})
