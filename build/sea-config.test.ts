import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EXEC_ARGV, lintSeaConfig, makeSeaConfig } from './sea-config.ts'

const good = makeSeaConfig('main.cjs', 'sea.blob', ['manifest.json'])

test('the configuration of the build is good', () => {
  assert.deepEqual(lintSeaConfig(good), [])
})

test('nothing can be added to the options by the caller, and OpenSSL reads no configuration', () => {
  assert.equal(good.execArgvExtension, 'none')
  assert.ok(EXEC_ARGV.includes('--openssl-config=/dev/null'))
  assert.equal(EXEC_ARGV.at(-1), '--')
})

const wrong: readonly (readonly [what: string, change: Record<string, unknown>, problem: RegExp])[] = [
  ['a key that Node does not read', { useCodecache: true }, /useCodecache is not a key/],
  ['the key of another way of building', { executable: 'node' }, /executable is not a key/],
  ['a value of the wrong type', { useCodeCache: 'yes' }, /useCodeCache cannot be "yes"/],
  ['a word that Node does not know', { execArgvExtension: 'never' }, /execArgvExtension cannot be/],
  ['options in one string', { execArgv: '--a --b' }, /execArgv cannot be/],
  ['keys that exclude each other', { useSnapshot: true }, /useSnapshot and useCodeCache exclude/],
  ['a snapshot of a module', { useSnapshot: true, useCodeCache: false, mainFormat: 'module' }, /snapshot/],
  ['an absolute path', { main: '/tmp/main.cjs' }, /not a path inside/],
  ['an asset from elsewhere', { assets: { a: '../a' } }, /not a path inside/],
  ['no script', { main: undefined }, /main is missing/],
]

for (const [what, change, problem] of wrong) {
  test(`${what} is found`, () => {
    assert.match(lintSeaConfig({ ...good, ...change }).join('\n'), problem)
  })
}
