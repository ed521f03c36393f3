import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Origin, Origins } from './effective.ts'
import { checkListen } from './listen.ts'
import type { Settings } from './table.ts'

const FILE: Origin = { source: 'file', where: '/etc/x.toml:7', text: '' }

function check(listen: string[], more: { owner?: string; ipv6Only?: boolean; origin?: Origin } = {}) {
  const { owner = null, ipv6Only = false, origin = FILE } = more
  const settings = { listen, 'socket.owner': owner, 'socket.ipv6Only': ipv6Only } as unknown as Settings
  return checkListen(settings, { listen: origin, 'socket.owner': origin } as unknown as Origins)
}

const messagesOf = (...args: Parameters<typeof check>) => check(...args).map(({ message }) => message)

test('what is right is no finding', () => {
  assert.deepEqual(check([]), [])
  assert.deepEqual(check(['8080', '127.0.0.1:81', '0', '0', '/run/x.sock', 'systemd:a', 'systemd:a']), [])
})

test('everything wrong is told at once, with its place', () => {
  const findings = check(['65536', '', 'web:80', '/run/'], { owner: 'a:b:c' })
  assert.deepEqual(
    findings.map(({ message }) => message.replace(/ (names|is no|has).*/, '')),
    ['listen: 65536', 'listen: ""', 'listen: web:80', 'listen: /run/', 'socket.owner: "a:b:c"'],
  )
  for (const { level, check: name, advice, file, line } of findings) {
    assert.deepEqual([level, name, file, line], ['failure', 'settings', '/etc/x.toml', 7])
    assert.notEqual(advice, '')
  }
})

test('of a URL only the address is to be written', () => {
  const advices = ['http://127.0.0.1:21001', 'https://[::1]:443/x', 'http://localhost/'].flatMap((text) =>
    check([text]),
  )
  assert.deepEqual(
    advices.map(({ message, advice }) => [message, advice]),
    [
      [
        'listen: http://127.0.0.1:21001 is a URL, not an address to listen on',
        'Write 127.0.0.1:21001, without http://',
      ],
      ['listen: https://[::1]:443/x is a URL, not an address to listen on', 'Write [::1]:443, without https://'],
      ['listen: http://localhost/ is a URL, not an address to listen on', 'Write localhost:8080, for example'],
    ],
  )
})

test('a wrong flag is wrong usage, a wrong variable is named', () => {
  const flag = check(['x'], { origin: { source: 'flag', where: '--set listen', text: 'x' } })
  assert.deepEqual([flag[0]?.check, flag[0]?.message], ['flag', 'listen: x is no address to listen on'])
  const variable = check(['x'], { origin: { source: 'environment', where: 'MYD_LISTEN', text: 'x' } })
  assert.deepEqual(
    [variable[0]?.check, variable[0]?.message],
    ['environment', 'MYD_LISTEN: x is no address to listen on'],
  )
})

test('one address twice, also where one contains the other', () => {
  const rows: [one: string, other: string, isWrong: boolean][] = [
    ['8080', '8080', true],
    ['8080', '*:8080', true],
    ['8080', '8081', false],
    ['8080', '127.0.0.1:8080', true],
    ['[::]:8080', '0.0.0.0:8080', true],
    ['[::]:8080', '8080', true],
    ['0.0.0.0:80', '127.0.0.1:80', true],
    ['0.0.0.0:80', '[::1]:80', false],
    ['127.0.0.1:80', '[::1]:80', false],
    ['127.0.0.1:80', '127.0.0.2:80', false],
    ['localhost:80', '127.0.0.1:80', true],
    ['[::1]:80', '[0::1]:80', true],
    ['/a', 'unix:/a', true],
    ['/a', '/b', false],
    ['0', '0', false],
  ]
  for (const [one, other, isWrong] of rows) {
    for (const listen of [
      [one, other],
      [other, one],
    ])
      assert.equal(check(listen).length, isWrong ? 1 : 0, listen.join(' '))
  }
  assert.deepEqual(messagesOf(['[::]:80', '0.0.0.0:80'], { ipv6Only: true }), [])
  assert.deepEqual(messagesOf(['80', '*:80']), ['listen: *:80 is there twice'])
  assert.deepEqual(messagesOf(['80', '127.0.0.1:80']), ['listen: *:80 and 127.0.0.1:80 overlap'])
})
