import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { LaunchRecord } from '../protocol.ts'
import { loadSettings } from './load.ts'
import { renderSettings, settingsToJson } from './render.ts'
import type { ServiceSchema } from './row.ts'

const directory = mkdtempSync(join(tmpdir(), 'myd-service-settings-'))
after(() => rmSync(directory, { recursive: true }))

const SCHEMA: ServiceSchema = {
  width: { type: 'integer', default: 320, help: 'Width of a thumbnail, pixels', min: 1, max: 1000 },
  maxAge: { type: 'duration', default: 30_000, help: 'Age', min: 0, max: 3_600_000 },
  mode: { type: 'enum', values: ['a', 'b'], default: 'a', help: 'Mode' },
  cache: { type: 'path', default: null, help: 'Cache' },
  hosts: { type: 'list', default: ['x'], help: 'Hosts' },
}

const file = join(directory, 'some.toml')

function load(toml: string, changes: Partial<LaunchRecord> = {}, environment: Record<string, string> = {}) {
  writeFileSync(file, toml)
  const launch: LaunchRecord = {
    ...{ version: 1, directory, flags: {}, environment: {}, config: file, envFile: null },
    ...{ service: '/srv/s.ts', serviceName: null, serviceSchema: SCHEMA },
    ...{ debug: false, noFork: false, foreground: false },
    ...changes,
  }
  return loadSettings(launch, { HOME: directory, ...environment }, { uid: 1000, cpus: 2 })
}

function messages(loaded: Awaited<ReturnType<typeof load>>): string[] {
  return loaded.findings.map(({ check, message, line }) => `${check}${line === undefined ? '' : `:${line}`} ${message}`)
}

test('file, variables and flags, the later wins; relative paths start where they are written', async () => {
  const loaded = await load('[service]\nwidth = 1\nmaxAge = "1m"\ncache = "c"\nhosts = ["a b"]\n', {
    environment: { MYD_SERVICE_WIDTH: '2', MYD_SERVICE_MAX_AGE: '2m' },
    flags: { 'service.width': '3' },
    directory: '/elsewhere',
  })
  assert.deepEqual(messages(loaded), [])
  const cache = join(directory, 'c')
  assert.deepEqual(loaded.serviceSettings, { width: 3, maxAge: 120_000, mode: 'a', cache, hosts: ['a b'] })
  const { width, maxAge, mode, hosts } = loaded.serviceOrigins
  assert.deepEqual(width, { source: 'flag', where: '--set service.width', text: '3' })
  assert.deepEqual(maxAge, { source: 'environment', where: 'MYD_SERVICE_MAX_AGE', text: '2m' })
  assert.deepEqual(mode, { source: 'default', where: 'the service', text: 'a' })
  assert.deepEqual(hosts, { source: 'file', where: `${file}:5`, text: 'a b' })
})

test('everything wrong is told at once, with its place and the nearest name', async () => {
  const toml = 'proc = 1\n[service]\nwidht = 1\nwidth = "1"\n[service.deep]\na = 1\n[service.mode]\n'
  const changes = { flags: { 'service.mod': 'a', 'service.maxAge': '5' }, environment: { MYD_SERVICE_MODE: 'c' } }
  const loaded = await load(toml, changes, { MYD_SERVICE_WIDHT: '1', MYD_SERVICE_WIDTH: '1' })
  assert.deepEqual(messages(loaded), [
    'environment MYD_SERVICE_WIDHT is no setting of the service and does nothing',
    'settings:3 there is no setting service.widht',
    'settings:4 service.width is text ("1"), not a whole number',
    'settings:5 there is no setting service.deep',
    'settings:7 service.mode is a table, not one of the words',
    'environment MYD_SERVICE_MODE is "c", not one of the words',
    'flag there is no setting service.mod',
    'flag service.maxAge is "5", not a duration',
  ])
  const advices = loaded.findings.map(({ advice }) => advice)
  for (const word of ['MYD_SERVICE_WIDTH', 'service.width', 'service.mode']) {
    assert.ok(advices.includes(`Did you mean ${word}?`), word)
  }
  assert.deepEqual(messages(await load('service = 1\n')), ['settings:1 service is a section, not a setting'])
})

test('a setting without default must be given', async () => {
  const serviceSchema: ServiceSchema = { key: { type: 'string', help: 'Key of the API' } }
  const missing = await load('[service]\n', { serviceSchema })
  assert.deepEqual(messages(missing), ['settings service.key is not set, and the service needs it: Key of the API'])
  assert.match(missing.findings[0]?.advice ?? '', /^Write key = … under \[service\] .* MYD_SERVICE_KEY$/)
  assert.equal(missing.findings[0]?.file, file)
  assert.deepEqual(missing.serviceSettings, { key: null })
  const given = await load('[service]\nkey = "k"\n', { serviceSchema })
  assert.deepEqual([given.findings, given.serviceSettings], [[], { key: 'k' }])
  const wrong = await load('[service]\nkey = 1\n', { serviceSchema })
  assert.deepEqual(messages(wrong), ['settings:2 service.key is 1, not text'])
})

test('without a service its section is a mistake, and nothing is said of a service that cannot be looked at', async () => {
  const changes = { flags: { 'service.width': '1' } }
  const absent = await load('[service]\nwidth = 1\n', { ...changes, service: null, serviceSchema: null })
  assert.deepEqual(messages(absent), [
    'service:1 [service] has settings of a service, and there is none',
    'service service.width is a setting of a service, and there is none',
  ])
  const unknown = await load('[service]\nwidth = 1\n', { ...changes, serviceSchema: null }, { MYD_SERVICE_X: '1' })
  assert.deepEqual(messages(unknown), [])
  const none = await load('[service]\nwidth = 1\n', { serviceSchema: {} })
  assert.equal(none.findings[0]?.advice, 'The service has no settings')
})

test('they are shown with their help', async () => {
  const loaded = await load('[service]\nwidth = 5\n')
  const table = renderSettings(loaded, { width: 240 })
  assert.match(table, /^\[service\]\nservice\.width +5 +.*:2 +Width of a thumbnail, pixels$/m)
  const { settings } = settingsToJson(loaded) as { settings: Record<string, Record<string, unknown>> }
  const { value, variable, flag } = settings['service.maxAge'] ?? {}
  assert.deepEqual([value, variable, flag], [30_000, 'MYD_SERVICE_MAX_AGE', '--set service.maxAge'])
})

test('the file of --env-file gives settings and variables, weaker than the environment', async () => {
  const envFile = join(directory, 'sub.env')
  writeFileSync(envFile, 'MYD_PROC=3\nMYD_SERVICE_WIDTH=7\nMYD_SERVICE_CACHE=c\nexport KEY="a\nb" # c\nMYD_PORCC=1\n')
  const changes = { envFile, environment: { MYD_PROC: '4' }, directory: '/elsewhere' }
  const loaded = await load('proc = 2\n[service]\nwidth = 1\n', changes)
  assert.deepEqual(messages(loaded), ['environment MYD_PORCC is no setting and does nothing'])
  assert.equal(loaded.settings.proc, 4)
  assert.deepEqual([loaded.serviceSettings.width, loaded.serviceSettings.cache], [7, join(directory, 'c')])
  assert.equal(loaded.variables.KEY, 'a\nb')
})

test('an --env-file that is wrong', async () => {
  const envFile = join(directory, 'wrong.env')
  writeFileSync(envFile, '# fine\n\nA=1\nB = two words # c\nnonsense\n')
  assert.deepEqual(messages(await load('', { envFile })), ['flag:5 this line gives no variable'])
  const missing = await load('', { envFile: join(directory, 'missing.env') })
  assert.deepEqual(messages(missing), ['flag there is no such file of variables'])
  assert.deepEqual(messages(await load('', { envFile: directory })), [
    'flag the file of --env-file is not a regular file',
  ])
})
