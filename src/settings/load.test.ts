import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { LaunchRecord } from '../protocol.ts'
import { collectEnvironment, loadSettings } from './load.ts'

const directory = mkdtempSync(join(tmpdir(), 'myd-load-'))
after(() => rmSync(directory, { recursive: true }))

const HOST = { uid: 1000, cpus: 2 }
const ENVIRONMENT = { HOME: join(directory, 'nobody') }

function launch(changes: Partial<LaunchRecord> = {}): LaunchRecord {
  const plain = { version: 1, directory, flags: {}, environment: {}, config: null, envFile: null }
  const ofService = { service: null, serviceName: null, serviceSchema: null }
  return { ...plain, ...ofService, debug: false, noFork: false, foreground: false, ...changes }
}

const file = join(directory, 'some.toml')

function load(toml: string, changes: Partial<LaunchRecord> = {}, environment = ENVIRONMENT) {
  writeFileSync(file, toml)
  return loadSettings(launch({ config: file, ...changes }), environment, HOST)
}

function messages(loaded: Awaited<ReturnType<typeof load>>): string[] {
  return loaded.findings.map(({ check, message, line }) => `${check}${line === undefined ? '' : `:${line}`} ${message}`)
}

test('without a file everything is built in', async () => {
  const loaded = await loadSettings(launch(), ENVIRONMENT, HOST)
  assert.deepEqual(loaded.findings, [])
  assert.equal(loaded.configFile, null)
  assert.equal(loaded.settings.name, 'myd')
  assert.equal(loaded.settings.proc, 2)
  assert.deepEqual(loaded.origins.proc, { source: 'default', where: 'built in', text: 'auto (2)' })
  assert.equal(loaded.settings['jobs.outputLimit'], 16_384)
  assert.equal(loaded.settings.umask, 0o27)
  assert.equal(loaded.settings.runDirectory, loaded.paths.runDirectory)
})

test('flags win over variables, variables over the file, the file over what is built in', async () => {
  const changes = { environment: { MYD_PROC: '3', MYD_JOBS_ATTEMPTS: '5' }, flags: { proc: '4' } }
  const loaded = await load('proc = 2\nrestartLimit = 7\n[jobs]\nattempts = 9\n', changes)
  assert.deepEqual(loaded.findings, [])
  assert.deepEqual(loaded.origins.proc, { source: 'flag', where: '--proc', text: '4' })
  assert.deepEqual(loaded.origins['jobs.attempts'], { source: 'environment', where: 'MYD_JOBS_ATTEMPTS', text: '5' })
  assert.deepEqual(loaded.origins.restartLimit, { source: 'file', where: `${file}:2`, text: '7' })
  assert.deepEqual([loaded.settings.proc, loaded.settings['jobs.attempts'], loaded.settings.restartLimit], [4, 5, 7])
})

test('everything wrong is told at once, also what is overridden', async () => {
  const changes = { environment: { MYD_UMASK: '99' }, flags: { proc: '1e3', 'jobs.prefech': '1' } }
  const toml = 'proc = "4"\nstoptimeout = "1s"\n[jbos]\nattempts = 1\n[jobs]\nretryDelay = 5\n[umask]\n'
  const loaded = await load(toml, changes, { ...ENVIRONMENT, MYD_PORCC: '1', MYD_ROLE: 'x', MYD_JOB_ID: '1' } as never)
  assert.deepEqual(messages(loaded), [
    'flag --proc is "1e3", not a whole number',
    'flag there is no setting jobs.prefech',
    'environment MYD_PORCC is no setting and does nothing',
    'environment MYD_UMASK is "99", not an octal mode',
    'settings:1 proc is text ("4"), not a whole number',
    'settings:2 there is no setting stoptimeout',
    'settings:3 there is no section [jbos]',
    'settings:6 jobs.retryDelay is 5, not a duration',
    'settings:7 umask is a setting, not a section',
  ])
  const advices = loaded.findings.map(({ advice }) => advice)
  for (const word of ['jobs.prefetch', 'MYD_PROC', 'stopTimeout', 'jobs']) {
    assert.ok(advices.includes(`Did you mean ${word}?`), word)
  }
  assert.equal(loaded.settings.proc, 2)
})

test('relative paths begin where they were written', async () => {
  mkdirSync(join(directory, 'sub'), { recursive: true })
  const elsewhere = { directory: join(directory, 'sub') }
  const fromFile = await load('home = "h"', elsewhere)
  assert.equal(fromFile.settings.home, join(directory, 'h'))
  assert.equal(fromFile.paths.log, join(directory, 'h', 'myd.log'))
  assert.equal(fromFile.origins.logDirectory.where, `${file}:1`)
  const fromFlag = await load('', { ...elsewhere, flags: { home: 'h' } })
  assert.equal(fromFlag.settings.home, join(directory, 'sub', 'h'))
  const fromVariable = await load('', { ...elsewhere, environment: { MYD_STATE_DIRECTORY: '../s' } })
  assert.equal(fromVariable.paths.jobsDatabase, join(directory, 's', 'jobs.db'))
})

test('the file of the home is found by the name', async () => {
  const home = join(directory, 'home')
  mkdirSync(home, { recursive: true })
  writeFileSync(join(home, 'thumbs.toml'), 'proc = 6')
  const loaded = await loadSettings(launch({ flags: { home, name: 'thumbs' } }), ENVIRONMENT, HOST)
  assert.equal(loaded.configFile, join(home, 'thumbs.toml'))
  assert.equal(loaded.settings.proc, 6)
  assert.deepEqual(loaded.findings, [])
  writeFileSync(join(home, 'thumbs.toml'), 'name = "other"')
  const renamed = await loadSettings(launch({ flags: { home, name: 'thumbs' } }), ENVIRONMENT, HOST)
  assert.deepEqual(renamed.findings, [], 'the flag wins over the file')
  writeFileSync(join(home, 'myd.toml'), 'name = "other"')
  const found = await loadSettings(launch({ flags: { home } }), ENVIRONMENT, HOST)
  assert.match(messages(found)[0] ?? '', /found as that of myd, and gives the name other/)
})

test('an instance is named by its service file', async () => {
  const name = async (service: string) => (await loadSettings(launch({ service }), ENVIRONMENT, HOST)).settings.name
  assert.equal(await name('/srv/thumbs.ts'), 'thumbs')
  assert.equal(await name('/srv/my service.v2.mjs'), 'my-service.v2')
  assert.equal(await name('/srv/.ts'), 'myd')
})

test('types of jobs are not set by flags', async () => {
  const [finding] = (await load('', { flags: { 'jobs.resize.timeout': '3s' } })).findings
  assert.equal(finding?.advice, 'Types of jobs are set in the settings file, as [jobs.TYPE]')
})

test('impossible combinations have a place', async () => {
  const loaded = await load('[jobs]\nretryDelayMax = "10ms"\n', { flags: { group: 'www', stopTimeout: '1s' } })
  assert.deepEqual(messages(loaded), [
    'settings:2 jobs.retryDelay is longer than jobs.retryDelayMax',
    'settings group is set without user',
    'settings jobs.killDelay is not shorter than stopTimeout: on stop, workers are killed before their commands',
  ])
})

test('files that are none', async () => {
  const problem = async (config: string) => {
    const { findings, configFile } = await loadSettings(launch({ config }), ENVIRONMENT, HOST)
    assert.equal(configFile, config)
    assert.equal(findings[0]?.file, config)
    return messages({ findings } as never)
  }
  assert.deepEqual(await problem(join(directory, 'missing')), ['settings there is no such settings file'])
  assert.deepEqual(await problem(directory), ['settings the settings file is not a regular file'])
  const pipe = join(directory, 'pipe')
  execFileSync('mkfifo', [pipe])
  assert.deepEqual(await problem(pipe), ['settings the settings file is not a regular file'])
  writeFileSync(file, '#'.repeat(1024 * 1024 + 1))
  assert.deepEqual(await problem(file), ['settings the settings file is larger than 1 MiB'])
  writeFileSync(file, Buffer.from([0x61, 0x3d, 0x22, 0xff, 0x22]))
  assert.deepEqual(await problem(file), ['settings the settings file is not UTF-8'])
  writeFileSync(file, 'a = 1\nproc = 007\n')
  assert.deepEqual(await problem(file), ['settings:2 not TOML: Leading zeros are not allowed'])
})

test('of the environment only settings are remembered', () => {
  const environment = { MYD_PROC: '2', MYD_ROLE: 'worker', MYD_PORT: '1', HOME: '/', MYD_UMASK: undefined }
  assert.deepEqual(collectEnvironment(environment), { MYD_PROC: '2' })
})
