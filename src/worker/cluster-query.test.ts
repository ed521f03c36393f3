import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { SystemCallError } from '../system/libc.ts'
import { type ClusterQuery, isListenable, toLibuvError, toListenQuery } from './cluster-query.ts'

const TCP: ClusterQuery = { address: null, port: 80, addressType: 4, flags: 0 }
const UNIX: ClusterQuery = { address: '/run/x.sock', port: -1, addressType: -1, flags: 0 }
const DEFAULTS = { ipv6Only: false, backlog: null }
const { EADDRINUSE, EINVAL } = constants.errno

test("Node's words become ours", () => {
  const rows: [ClusterQuery, ReturnType<typeof toListenQuery>][] = [
    [TCP, { ...DEFAULTS, kind: 'tcp', host: null, port: 80 }],
    [
      { ...TCP, address: '::1', flags: 1 },
      { ...DEFAULTS, kind: 'tcp', host: '::1', port: 80, ipv6Only: true },
    ],
    [
      { ...TCP, addressType: 'udp4' },
      { ...DEFAULTS, kind: 'udp', host: '0.0.0.0', port: 80 },
    ],
    [
      { ...TCP, addressType: 'udp6', port: -1 },
      { ...DEFAULTS, kind: 'udp', host: '::', port: 0 },
    ],
    [UNIX, { ...DEFAULTS, kind: 'unix', host: '/run/x.sock', port: 0 }],
    [
      { ...UNIX, address: 'x.sock' },
      { ...DEFAULTS, kind: 'unix', host: resolve('x.sock'), port: 0 },
    ],
    [
      { ...UNIX, address: '\0name' },
      { ...DEFAULTS, kind: 'unix', host: '\0name', port: 0 },
    ],
  ]
  for (const [query, asked] of rows) assert.deepEqual(toListenQuery(query), asked)
})

test('a backlog that no kernel has is the largest, or that of the settings', () => {
  const rows: [unknown, number | null][] = [
    [128, 128],
    [1e9, 65535],
    [0, null],
    [undefined, null],
    [-1, null],
    [1.5, null],
    ['128', null],
  ]
  for (const [backlog, asked] of rows) {
    assert.equal(toListenQuery({ ...TCP, backlog: backlog as number }).backlog, asked, String(backlog))
  }
})

test('what the master would not take for a query is not asked', () => {
  const listenable = [TCP, { ...TCP, address: '::1' }, UNIX, { ...UNIX, address: 'x.sock' }, { ...TCP, fd: 5 }]
  for (const query of listenable) assert.ok(isListenable(query), JSON.stringify(query))
  assert.ok(isListenable({ ...UNIX, address: null, fd: 5 }), 'a descriptor has its address')
  for (const address of ['\0name', '/run/\0x', `/${'x'.repeat(107)}`]) {
    assert.ok(!isListenable({ ...UNIX, address }), JSON.stringify(address))
  }
  assert.ok(!isListenable({ ...TCP, address: 'fe80::1%veth_1' }))
})

test("errors in libuv's numbers; what is none of the system is EINVAL", () => {
  assert.equal(toLibuvError(new SystemCallError('bind', EADDRINUSE)), -EADDRINUSE)
  for (const error of [new Error('x'), { code: 'ERR_INVALID_ARG_VALUE' }, { code: 'toString' }, null, undefined]) {
    assert.equal(toLibuvError(error), -EINVAL)
  }
})
