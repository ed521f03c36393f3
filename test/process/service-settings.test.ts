/** The settings that a service declares: from the section [service], variables and flags, typed, and shown like our own. */
import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { test } from 'node:test'
import { createInstance, type Instance } from '../support/instance.ts'

const SETTINGS = `settings: {
  width: { type: 'integer', default: 320, max: 1000, help: 'Width of a thumbnail' },
  maxAge: { type: 'duration', default: '30s', help: 'Age of a thumbnail' },
}`

/** Tells its settings in the log, and checks one of them. */
function serveSettings(instance: Instance, settings = SETTINGS): void {
  const check = `checks: { 'the width is even': ({ settings }) => settings.width % 2 === 0 }`
  const start = `start({ settings, log, slot }) { log.info('settings: ' + JSON.stringify(settings), { slot }) }`
  instance.serve(`${settings}, ${check}, ${start}`)
}

test('workers and checks are given them; a reload reads them again, with what the service declares now', async (t) => {
  const instance = createInstance(t)
  serveSettings(instance)
  instance.configure('[service]\nwidth = 100\n')
  await instance.start('--proc=1', '--set', 'service.maxAge=1m')
  await instance.logged(/settings: \{"width":100,"maxAge":60000\}/)
  assert.equal(statSync(instance.path('myd.launch.json')).mode & 0o777, 0o600, 'it may hold a secret')
  instance.configure('[service]\nwidth = 101\n')
  const odd = await instance.run(['reload'])
  assert.notEqual(odd.code, 0)
  assert.match(odd.stderr, /the width is even/)
  instance.configure('[service]\nwidth = 102\nheight = 7\n')
  const unknown = await instance.run(['reload'])
  assert.equal(unknown.code, 78)
  assert.match(unknown.stderr, /myd\.toml:3.*service\.height/)
  serveSettings(instance, SETTINGS.replace('maxAge:', `height: { type: 'integer', help: 'Height' }, maxAge:`))
  assert.equal((await instance.run(['reload'])).code, 0)
  await instance.logged(/settings: \{"width":102,"height":7,"maxAge":60000\}/)
  instance.configure('[service]\nwidth = 104\nheight = 7\n')
  assert.equal((await instance.run(['restart'])).code, 0)
  await instance.logged(/settings: \{"width":104,"height":7,"maxAge":60000\}/)
})

test('--settings shows them, from where they come and what they mean', async (t) => {
  const instance = createInstance(t)
  serveSettings(instance)
  const { code, stdout } = await instance.run(['--settings'], { environment: { MYD_SERVICE_MAX_AGE: '2m' } })
  assert.equal(code, 0, stdout)
  assert.match(stdout, /service\.width +320 +the service/)
  assert.match(stdout, /service\.maxAge +2m +MYD_SERVICE_MAX_AGE/)
  assert.match(stdout, /Width of a thumbnail/)
})

test('wrong ones: a flag is wrong usage, all others are the operator’s', async (t) => {
  const instance = createInstance(t)
  serveSettings(instance)
  const flag = await instance.run(['--daemon', '--set', 'service.widht=1'])
  assert.equal(flag.code, 64)
  assert.match(flag.stderr, /Did you mean service\.width\?/)
  const large = await instance.run(['--daemon'], { environment: { MYD_SERVICE_WIDTH: '1001' } })
  assert.equal(large.code, 78)
  assert.match(large.stderr, /MYD_SERVICE_WIDTH is 1001/)
  serveSettings(instance, `settings: { key: { type: 'string', help: 'Key of the API' }, width: ${'0'} }`)
  const declared = await instance.run(['--check'])
  assert.equal(declared.code, 1)
  assert.match(declared.stdout, /settings\.width: it is no\s+object/)
  serveSettings(instance, `settings: { key: { type: 'string', help: 'Key of the API' } }`)
  const missing = await instance.run(['--daemon'])
  assert.equal(missing.code, 78)
  assert.match(missing.stderr, /service\.key is not set, and the service needs it/)
  assert.doesNotMatch(missing.stderr, /the width is even/)
})

test('without a service the section is a mistake, which does not keep one from stopping', async (t) => {
  const instance = createInstance(t)
  instance.configure('[service]\nwidth = 1\n')
  const start = await instance.run(['--daemon'])
  assert.equal(start.code, 78)
  assert.match(start.stderr, /myd\.toml:1: \[service\] has settings of a\s+service, and there is none/)
  assert.equal((await instance.run(['status'])).code, 3)
  assert.equal((await instance.run(['stop'])).code, 0)
})
