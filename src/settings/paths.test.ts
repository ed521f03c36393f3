import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkPaths, type Place, resolvePaths, usualConfigFile } from './paths.ts'

const UNSET = { runDirectory: null, logDirectory: null, stateDirectory: null }

function place(changes: Partial<Place>): Place {
  return { name: 'thumbs', uid: 1000, environment: { HOME: '/home/ann' }, home: null, ...changes }
}

function directories(of: Place, set: typeof UNSET | Record<keyof typeof UNSET, string | null> = UNSET): string[] {
  const { runDirectory, logDirectory, stateDirectory } = resolvePaths(of, set)
  return [runDirectory, logDirectory, stateDirectory]
}

test('root has the usual places of the system', () => {
  const root = place({ uid: 0, environment: {} })
  assert.deepEqual(directories(root), ['/run/thumbs', '/var/log/thumbs', '/var/lib/thumbs'])
  assert.equal(usualConfigFile(root), '/etc/thumbs/thumbs.toml')
  assert.deepEqual(checkPaths(resolvePaths(root, UNSET)), [])
})

test('other users have all under the state home', () => {
  const base = '/home/ann/.local/state/thumbs'
  assert.deepEqual(directories(place({})), [base, base, `${base}/state`])
  assert.equal(usualConfigFile(place({})), '/home/ann/.config/thumbs/thumbs.toml')
})

test('XDG directories win over HOME, relative ones are ignored', () => {
  const environment = { HOME: '/home/ann', XDG_STATE_HOME: '/s', XDG_CONFIG_HOME: 'relative' }
  assert.deepEqual(directories(place({ environment })), ['/s/thumbs', '/s/thumbs', '/s/thumbs/state'])
  assert.equal(usualConfigFile(place({ environment })), '/home/ann/.config/thumbs/thumbs.toml')
})

test('what systemd made wins, of several the first', () => {
  const environment = {
    RUNTIME_DIRECTORY: '/run/a:/run/b',
    LOGS_DIRECTORY: '/var/log/a',
    STATE_DIRECTORY: '/var/lib/a',
    CONFIGURATION_DIRECTORY: '/etc/a:/etc/b',
  }
  for (const uid of [0, 1000]) {
    assert.deepEqual(directories(place({ uid, environment })), ['/run/a', '/var/log/a', '/var/lib/a'])
    assert.equal(usualConfigFile(place({ uid, environment })), '/etc/a/thumbs.toml')
  }
})

test('a home wins over systemd, a directory that is set over the home', () => {
  const of = place({ home: '/h', environment: { RUNTIME_DIRECTORY: '/run/a' } })
  assert.deepEqual(directories(of), ['/h', '/h', '/h/state'])
  assert.equal(usualConfigFile(of), '/h/thumbs.toml')
  assert.deepEqual(directories(of, { ...UNSET, stateDirectory: '/data' }), ['/h', '/h', '/data'])
})

test('the files of a home', () => {
  assert.deepEqual(resolvePaths(place({ home: '/h' }), UNSET), {
    runDirectory: '/h',
    logDirectory: '/h',
    stateDirectory: '/h/state',
    lock: '/h/thumbs.lock',
    pidfile: '/h/thumbs.pid',
    launch: '/h/thumbs.launch.json',
    controlSocket: '/h/thumbs.sock',
    jobsSocket: '/h/thumbs.jobs.sock',
    scoreboard: '/h/thumbs.scoreboard',
    log: '/h/thumbs.log',
    jobsDatabase: '/h/state/jobs.db',
    jobsLock: '/h/state/jobs.lock',
  })
})

test('a user without HOME is told', () => {
  const [finding, ...others] = checkPaths(resolvePaths(place({ environment: {} }), UNSET))
  assert.equal(finding?.level, 'failure')
  assert.match(finding?.message ?? '', /HOME is not set/)
  assert.deepEqual(others, [])
  assert.equal(usualConfigFile(place({ environment: {} })), null)
  assert.deepEqual(checkPaths(resolvePaths(place({ environment: {}, home: '/h' }), UNSET)), [])
})

test('a socket path may have 107 bytes', () => {
  const suffix = '/thumbs.jobs.sock'
  const fits = `/${'x'.repeat(107 - suffix.length - 1)}`
  assert.deepEqual(checkPaths(resolvePaths(place({ home: fits }), UNSET)), [])
  const findings = checkPaths(resolvePaths(place({ home: `${fits}y` }), UNSET))
  assert.equal(findings.length, 1)
  assert.match(findings[0]?.message ?? '', /108 bytes, 107 are allowed/)
})
