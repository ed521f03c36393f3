import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalHost, decodeSockaddr, type Endpoint, encodeSockaddr } from './sockaddr.ts'

test('an address comes back as it was encoded', () => {
  const hosts = ['0.0.0.0', '127.0.0.1', '255.254.253.252', '::', '::1', '1::', '2001:db8::8:800:200c:417a']
  hosts.push('1:2:3:4:5:6:7:8', '::ffff:1.2.3.4', 'fe80::1%7')
  const endpoints: Endpoint[] = hosts.map((host) => ({ kind: 'ip', host, port: 65535 }))
  endpoints.push({ kind: 'unix', path: '/run/ü.sock' }, { kind: 'ip', host: '::1', port: 0 })
  for (const endpoint of endpoints) {
    const bytes = encodeSockaddr(endpoint)
    assert.deepEqual(decodeSockaddr(bytes, bytes.length), endpoint)
  }
})

test('the bytes are those of the kernel', () => {
  const hexOf = (endpoint: Endpoint) => encodeSockaddr(endpoint).toString('hex')
  assert.equal(hexOf({ kind: 'ip', host: '127.0.0.1', port: 8080 }), '02001f907f0000010000000000000000')
  const v6 = `0a001f90 00000000 ${'00'.repeat(15)}01 00000000`
  assert.equal(hexOf({ kind: 'ip', host: '::1', port: 8080 }), v6.replaceAll(' ', ''))
  assert.equal(hexOf({ kind: 'unix', path: '/a' }), '01002f6100')
})

test('a network interface is known by its number', () => {
  assert.equal(encodeSockaddr({ kind: 'ip', host: 'fe80::1%lo', port: 1 }).readUInt32LE(24), 1)
  assert.throws(() => encodeSockaddr({ kind: 'ip', host: 'fe80::1%none', port: 1 }), { code: 'ENOENT' })
})

test('one way to write an address', () => {
  assert.equal(canonicalHost('0:0::0:1'), '::1')
  assert.equal(canonicalHost('FE80::1%lo'), 'fe80::1%lo')
  assert.equal(canonicalHost('127.0.0.1'), '127.0.0.1')
})

test('a unix socket without a path, and a family that is neither', () => {
  assert.deepEqual(decodeSockaddr(Buffer.from([1, 0, 0, 0]), 2), { kind: 'unix', path: '' })
  assert.equal(decodeSockaddr(Buffer.from([16, 0, 0, 0, 0, 0]), 6), null)
})
