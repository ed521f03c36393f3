import assert from 'node:assert/strict'
import { openSync, readdirSync, readFileSync } from 'node:fs'
import net from 'node:net'
import { test } from 'node:test'
import { listenTcp, probeTcp } from './bind-ip.ts'
import {
  acceptWaiting,
  bindSocket,
  closeDescriptor,
  describeSocket,
  duplicateDescriptor,
  localEndpoint,
  SOCK_DGRAM,
  SOCK_STREAM,
  setNonBlocking,
} from './socket-calls.ts'

const LOOPBACK = { host: '127.0.0.1', port: 0, ipv6Only: false }
const flagsOf = (fd: number) =>
  Number.parseInt(/^flags:\s+(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] ?? '', 8)
const NON_BLOCKING = 0o4000
const CLOSE_ON_EXEC = 0o2000000

function portOf(descriptor: number): number {
  const endpoint = localEndpoint(descriptor)
  assert.ok(endpoint?.kind === 'ip')
  return endpoint.port
}

test('a socket, its duplicate and what it accepts are close-on-exec and do not block', async () => {
  const descriptor = listenTcp(LOOPBACK, 10, false)
  const duplicate = duplicateDescriptor(descriptor)
  const client = net.connect(portOf(descriptor), '127.0.0.1').on('error', () => {})
  await new Promise<void>((resolve) => client.once('connect', resolve))
  const accepted = acceptWaiting(duplicate)
  assert.equal(accepted.length, 1)
  assert.deepEqual(acceptWaiting(descriptor), [])
  for (const fd of [descriptor, duplicate, ...accepted]) {
    assert.equal(flagsOf(fd) & (NON_BLOCKING | CLOSE_ON_EXEC), NON_BLOCKING | CLOSE_ON_EXEC)
    closeDescriptor(fd)
  }
  client.destroy()
})

test('what descriptors are', () => {
  const bound = bindSocket(SOCK_STREAM, { kind: 'ip', host: '::1', port: 0 }, '[::1]:0')
  const datagram = bindSocket(SOCK_DGRAM, { kind: 'ip', host: '127.0.0.1', port: 0 }, '127.0.0.1:0')
  const file = openSync('/dev/null', 'r')
  const endpoint = { kind: 'ip', host: '::1', port: portOf(bound) }
  assert.deepEqual(describeSocket(bound), { isStream: true, isListening: false, endpoint })
  assert.equal(describeSocket(datagram)?.isStream, false)
  assert.equal(describeSocket(file), null)
  assert.equal(describeSocket(99_999), null)
  for (const fd of [bound, datagram, file]) closeDescriptor(fd)
})

test('a descriptor that blocks is made not to', () => {
  const file = openSync('/dev/null', 'r')
  assert.equal(flagsOf(file) & NON_BLOCKING, 0)
  setNonBlocking(file)
  assert.equal(flagsOf(file) & NON_BLOCKING, NON_BLOCKING)
  closeDescriptor(file)
})

test('a probe sees who listens, and stands in nobody’s way', () => {
  const descriptor = listenTcp(LOOPBACK, 10, true)
  const port = portOf(descriptor)
  const message = `bind 127.0.0.1:${port}: EADDRINUSE`
  assert.throws(() => probeTcp({ ...LOOPBACK, port }), { code: 'EADDRINUSE', syscall: 'bind', message })
  closeDescriptor(descriptor)
  probeTcp({ ...LOOPBACK, port })
  closeDescriptor(listenTcp({ ...LOOPBACK, port }, 10, false))
})

test('an address that is not of this host; nothing is left open', () => {
  const before = readdirSync('/proc/self/fd').length
  const address = { ...LOOPBACK, host: '192.0.2.1' }
  assert.throws(() => listenTcp(address, 10, false), { code: 'EADDRNOTAVAIL', message: /^bind 192\.0\.2\.1:0: / })
  assert.equal(readdirSync('/proc/self/fd').length, before)
})
