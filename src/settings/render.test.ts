import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LoadedSettings } from './load.ts'
import { loadSettings } from './load.ts'
import { renderMarkdownTable, renderSettings, settingsToJson } from './render.ts'
import { SETTING_NAMES } from './table.ts'

async function load(): Promise<LoadedSettings> {
  const flags = { proc: 'auto', home: '/a/rather/long/home/for/an/instance/of/this/program' }
  const environment = { MYD_STOP_TIMEOUT: '10s' }
  const launch = { version: 1, directory: '/', flags, environment, config: null, envFile: null }
  const ofService = { service: null, serviceName: null, serviceSchema: null }
  const loaded = await loadSettings(
    { ...launch, ...ofService, debug: false, noFork: false, foreground: false },
    {},
    { uid: 1000, cpus: 2.5 },
  )
  const resize = { command: ['/bin/resize', '-f'], attempts: 3, timeoutMs: 30_000, retryDelayMs: 1000, priority: 0 }
  return { ...loaded, jobTypes: { resize } }
}

test('every setting has a row with value, origin and meaning', async () => {
  const table = renderSettings(await load(), { width: 140 })
  for (const name of SETTING_NAMES) assert.match(table, new RegExp(`^${name.replace('.', '\\.')} `, 'm'))
  assert.match(table, /^proc +auto \(2\) +--proc +Number of workers/m)
  assert.match(table, /^stopTimeout +10s +MYD_STOP_TIMEOUT +How long/m)
  assert.match(table, /^umask +0027 +built in +/m)
  assert.match(table, /^jobs\.resize +\/bin\/resize -f +3 attempts, timeout 30s, retryDelay 1s, priority 0$/m)
})

test('no line is wider than the terminal', async () => {
  const loaded = await load()
  for (const width of [60, 80, 100, 132, 200]) {
    const lines = renderSettings(loaded, { width }).split('\n')
    for (const line of lines) assert.ok(line.length <= width, `${line.length} > ${width}: ${line}`)
  }
})

test('JSON has values in base units', async () => {
  const { settings } = settingsToJson(await load()) as { settings: Record<string, Record<string, unknown>> }
  assert.deepEqual(Object.keys(settings), SETTING_NAMES)
  assert.deepEqual(settings.stopTimeout, {
    value: 10_000,
    source: 'environment',
    where: 'MYD_STOP_TIMEOUT',
    text: '10s',
    type: 'duration',
    variable: 'MYD_STOP_TIMEOUT',
    flag: '--set stopTimeout',
    help: 'How long a worker may take to finish its work; then it is killed',
  })
})

test('the table of the README has a line for each setting', () => {
  const lines = renderMarkdownTable().split('\n')
  assert.equal(lines.length, SETTING_NAMES.length + 2)
  for (const line of lines) assert.equal(line.split('|').length, 8, line)
})
