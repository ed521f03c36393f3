import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseFromChild } from './from-child.ts'

const TCP = { kind: 'tcp', host: '127.0.0.1', port: 80, ipv6Only: false, backlog: null, index: 0 }
const UNIX = { ...TCP, kind: 'unix', host: '/run/x.sock', port: 0 }
const SYSTEMD = { ...UNIX, kind: 'systemd', host: 'web' }

const good: readonly unknown[] = [
  TCP,
  { ...TCP, host: null },
  { ...TCP, host: '::1', ipv6Only: true, backlog: 65535, index: 65535 },
  { ...TCP, host: 'fe80::1%eth0', port: 65535 },
  { ...TCP, kind: 'udp', host: '0.0.0.0' },
  UNIX,
  { ...UNIX, host: `/${'x'.repeat(106)}` },
  SYSTEMD,
]

const bad: readonly unknown[] = [
  null,
  'tcp',
  [TCP],
  { ...TCP, kind: 'tls' },
  { ...TCP, kind: ['tcp'] },
  { ...TCP, host: ['127.0.0.1'] },
  { ...TCP, host: { toString: '127.0.0.1' } },
  { ...TCP, host: undefined },
  { ...TCP, host: 2130706433 },
  { ...TCP, host: 'localhost' },
  { ...TCP, host: '' },
  { ...TCP, host: '127.0.0.1\0' },
  { ...TCP, kind: 'udp', host: ['::1'] },
  { ...TCP, kind: 'udp', host: '/run/x.sock' },
  ...[-1, 65536, 1.5, '80', null, [80], Number.NaN].map((port) => ({ ...TCP, port })),
  ...[-1, 65536, 1.5, '0', null, undefined].map((index) => ({ ...TCP, index })),
  ...[-1, 65536, 1.5, '511', undefined, [511]].map((backlog) => ({ ...TCP, backlog })),
  { ...TCP, ipv6Only: 1 },
  ...[null, '', 'x.sock', '\0x', '/run/\0x', ['/run/x.sock'], `/${'x'.repeat(107)}`, `/${'ä'.repeat(54)}`].map(
    (host) => ({ ...UNIX, host }),
  ),
  ...[null, '', 'a:b', 'a\0', ['web'], 'x'.repeat(256)].map((host) => ({ ...SYSTEMD, host })),
]

for (const query of good) {
  test(`is asked for: ${JSON.stringify(query)}`, () => {
    assert.deepEqual(parseFromChild({ type: 'listen', request: 1, query }), { type: 'listen', request: 1, query })
  })
}

for (const query of bad) {
  test(`is no query: ${JSON.stringify(query)}`, () => {
    assert.equal(parseFromChild({ type: 'listen', request: 1, query }), null)
  })
}

test('a request has a number', () => {
  for (const request of [-1, 1.5, '1', null])
    assert.equal(parseFromChild({ type: 'listen', request, query: TCP }), null)
})
