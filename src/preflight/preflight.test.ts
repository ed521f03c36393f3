import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { loadSettings } from '../settings/load.ts'
import type { PreflightContext } from './context.ts'
import { ok } from './finding.ts'
import { checkIntegrity } from './integrity.ts'
import { runPreflight } from './preflight.ts'
import { assessParts, tryDatabase } from './runtime.ts'

const home = mkdtempSync(join(tmpdir(), 'myd-preflight-'))
after(() => rmSync(home, { recursive: true }))

const uid = process.getuid?.() ?? 0

async function createContext(changes: Partial<PreflightContext> = {}): Promise<PreflightContext> {
  const launch = {
    version: 1,
    directory: home,
    flags: { home, proc: '1' },
    environment: {},
    config: null,
    service: null,
    serviceName: null,
    serviceSchema: null,
    envFile: null,
  }
  const record = { ...launch, debug: false, noFork: false, foreground: false }
  return {
    loaded: await loadSettings(record, {}),
    launch: record,
    environment: { PATH: '/bin' },
    build: { packed: false, version: '0.0.0', buildId: 'source', target: `linux-${process.arch}` },
    executablePath: process.execPath,
    instance: { kind: 'free' },
    uid,
    verifyFile: null,
    serviceFindings: [ok('service', 'all is well')],
    ...changes,
  }
}

test('every check runs on this machine without a failure', async () => {
  mkdirSync(join(home, 'state'), { mode: 0o700 })
  const findings = await runPreflight(await createContext())
  assert.deepEqual(
    findings.filter(({ level, check }) => level === 'failure' && !['disk', 'memory'].includes(check)),
    [],
  )
  const checks = new Set(findings.map(({ check }) => check))
  for (const check of ['kernel', 'glibc', 'ffi', 'sqlite', 'settings', 'directories', 'disk', 'memory', 'service']) {
    assert.ok(checks.has(check), check)
  }
  assert.ok(findings.some(({ message }) => message === `SQLite writes and reads in ${join(home, 'state')}`))
  assert.deepEqual(readdirSync(join(home, 'state')), [], 'nothing is left behind')
})

test('a check that throws is a failure, and the others still run', async () => {
  const findings = await runPreflight(await createContext(), {
    broken: () => {
      throw new Error('boom')
    },
    rejecting: () => Promise.reject(new Error('bang')),
    fine: () => [ok('fine', 'it is')],
  })
  assert.deepEqual(
    findings.map(({ level, check, message }) => [level, check, message]),
    [
      ['failure', 'broken', 'the check could not be made: boom'],
      ['failure', 'rejecting', 'the check could not be made: bang'],
      ['ok', 'fine', 'it is'],
    ],
  )
})

test('integrity of a packed executable', async () => {
  const build = { packed: true, version: '1.0.0', buildId: 'abc', target: 'linux-x64' }
  const level = async (changes: Partial<PreflightContext>) =>
    (await checkIntegrity(await createContext(changes)))[0]?.level
  assert.equal(await level({ build, verifyFile: async () => ({ ok: true }) }), 'ok')
  assert.equal(await level({ build, verifyFile: async () => ({ ok: false, problem: 'is cut off' }) }), 'failure')
  assert.equal(await level({ build, verifyFile: null }), 'ok')
  assert.equal(await level({}), 'ok')
})

test('embedded parts', () => {
  assert.equal(assessParts(false, []).level, 'ok')
  assert.equal(assessParts(true, []).level, 'ok')
  assert.equal(assessParts(true, ['bundle']).level, 'failure')
})

test('a database in memory', async () => {
  await tryDatabase(':memory:')
  await assert.rejects(tryDatabase(join(home, 'missing', 'x.db')))
})
