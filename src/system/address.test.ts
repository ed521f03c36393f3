import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ListenQuery } from '../protocol.ts'
import { formatAddress, isAddressProblem, keyOf, type ListenAddress, parseAddress, queriesOf } from './address.ts'

const tcp = (host: string | null, port: number): ListenAddress => ({ kind: 'tcp', host, port })

test('what can be listened on', () => {
  const rows: [text: string, address: ListenAddress, formatted: string][] = [
    ['8080', tcp(null, 8080), '*:8080'],
    ['0', tcp(null, 0), '*:0'],
    ['*:65535', tcp(null, 65535), '*:65535'],
    ['127.0.0.1:8080', tcp('127.0.0.1', 8080), '127.0.0.1:8080'],
    ['0.0.0.0:80', tcp('0.0.0.0', 80), '0.0.0.0:80'],
    ['localhost:80', tcp('127.0.0.1', 80), '127.0.0.1:80'],
    ['[::1]:8080', tcp('::1', 8080), '[::1]:8080'],
    ['[::]:8080', tcp('::', 8080), '[::]:8080'],
    ['[0:0:0:0:0:0:0:1]:8080', tcp('::1', 8080), '[::1]:8080'],
    ['[fe80::1%eth0]:80', tcp('fe80::1%eth0', 80), '[fe80::1%eth0]:80'],
    ['/run/x.sock', { kind: 'unix', path: '/run/x.sock' }, '/run/x.sock'],
    ['unix:/run/x.sock', { kind: 'unix', path: '/run/x.sock' }, '/run/x.sock'],
    [`/${'x'.repeat(106)}`, { kind: 'unix', path: `/${'x'.repeat(106)}` }, `/${'x'.repeat(106)}`],
    ['systemd:web', { kind: 'systemd', name: 'web' }, 'systemd:web'],
    ['systemd:web.socket', { kind: 'systemd', name: 'web.socket' }, 'systemd:web.socket'],
  ]
  for (const [text, address, formatted] of rows) {
    assert.deepEqual(parseAddress(text), address, text)
    assert.equal(formatAddress(address), formatted)
    assert.deepEqual(parseAddress(formatted), address, formatted)
  }
})

test('what cannot, and what to write instead', () => {
  const rows: [text: string, problem: RegExp, advice: RegExp][] = [
    ['', /no address/, /Write a port/],
    ['web', /no address/, /Write a port/],
    ['65536', /port 65536/, /1 to 65535/],
    ['08080', /"08080" where its port/, /1 to 65535/],
    ['127.0.0.1', /no port/, /127\.0\.0\.1:8080/],
    ['127.0.0.1:', /"" where its port/, /1 to 65535/],
    ['127.0.0.1:http', /"http" where its port/, /1 to 65535/],
    ['127.0.0.1:-1', /"-1" where its port/, /1 to 65535/],
    ['127.0.0.1:1e3', /"1e3" where its port/, /1 to 65535/],
    ['127.0.0.256:80', /names the host/, /IP address/],
    ['example.org:80', /names the host "example.org"/, /\*:80/],
    [':80', /names the host ""/, /\*:80/],
    ['::1', /without port/, /\[::1\]:8080/],
    ['[::1]', /no port/, /\[::1\]:8080/],
    ['[::1]:x', /"x" where its port/, /1 to 65535/],
    ['[::g]:80', /no IPv6 address/, /\[::1\]:8080/],
    ['[]:80', /no IPv6 address/, /\[::1\]:8080/],
    ['[127.0.0.1]:80', /no IPv6 address/, /\[::1\]:8080/],
    ['unix:run/x.sock', /no absolute path/, /slash/],
    ['/run/', /no path of a socket/, /Name a file/],
    ['/run/x\0y', /no path of a socket/, /Name a file/],
    [`/${'ü'.repeat(54)}`, /109 bytes long/, /shorter/],
    ['systemd:', /no socket of systemd/, /FileDescriptorName/],
    ['systemd:a:b', /no socket of systemd/, /FileDescriptorName/],
  ]
  for (const [text, problem, advice] of rows) {
    const parsed = parseAddress(text)
    assert.ok(isAddressProblem(parsed), text)
    assert.match(parsed.problem, problem, text)
    assert.match(parsed.advice, advice, text)
  }
})

test('the key of what is asked for', () => {
  const query = { kind: 'tcp', host: null, port: 80, ipv6Only: false, backlog: null, index: 0 } as const
  const rows: [more: Partial<ListenQuery>, key: string][] = [
    [{}, 'tcp:*:80'],
    [{ index: 1 }, 'tcp:*:80'],
    [{ port: 0 }, 'tcp:*:0'],
    [{ port: 0, index: 1 }, 'tcp:*:0#1'],
    [{ host: '127.0.0.1' }, 'tcp:127.0.0.1:80'],
    [{ host: '0::1' }, 'tcp:[::1]:80'],
    [{ host: '::', ipv6Only: true }, 'tcp6:[::]:80'],
    [{ kind: 'udp', host: '0.0.0.0' }, 'udp:0.0.0.0:80'],
    [{ kind: 'unix', host: '/run/x.sock', port: 0 }, 'unix:/run/x.sock'],
    [{ kind: 'systemd', host: 'web', port: 0 }, 'systemd:web'],
    [{ kind: 'systemd', host: 'web', port: 0, index: 1 }, 'systemd:web#1'],
  ]
  for (const [more, key] of rows) assert.equal(keyOf({ ...query, ...more }), key)
})

test('a list of addresses as queries, of which port 0 and names may repeat', () => {
  const queries = queriesOf(['8080', '0', '*:0', '[::]:81', '127.0.0.1:82', 'systemd:a', 'systemd:a', '/x'], true)
  assert.deepEqual(queries.map(keyOf), [
    ...['tcp:*:8080', 'tcp:*:0', 'tcp:*:0#1', 'tcp6:[::]:81', 'tcp:127.0.0.1:82'],
    ...['systemd:a', 'systemd:a#1', 'unix:/x'],
  ])
  assert.ok(queries.every(({ backlog }) => backlog === null))
})
