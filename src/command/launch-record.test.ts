import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LAUNCH_VERSION, type LaunchRecord } from '../protocol.ts'
import { mergeLaunch, parseLaunch } from './launch-record.ts'

const before: LaunchRecord = {
  version: LAUNCH_VERSION,
  directory: '/old',
  flags: { proc: '2', logDirectory: 'logs' },
  environment: { MYD_PROC: '3' },
  config: null,
  service: null,
  serviceName: null,
  serviceSchema: null,
  envFile: null,
  debug: false,
  noFork: false,
  foreground: false,
}

test('what was written is read; a record without `foreground` is of a daemon', () => {
  assert.deepEqual(parseLaunch(JSON.stringify(before)), before)
  const { foreground: _, ...older } = before
  assert.deepEqual(parseLaunch(JSON.stringify(older)), before)
})

test('anything else is none', () => {
  const wrong = ['', '{', 'null', '1', '[]', '{}', '{"version":1}']
  for (const name of Object.keys(before)) {
    if (name !== 'foreground') wrong.push(JSON.stringify({ ...before, [name]: 99 }))
  }
  wrong.push(JSON.stringify({ ...before, flags: { proc: 2 } }), JSON.stringify({ ...before, foreground: 'yes' }))
  for (const text of wrong) assert.equal(parseLaunch(text), null, text)
})

test('new flags win; their relative paths, and those of the environment, start where they were typed', () => {
  const flags = { stateDirectory: 'state', runDirectory: '/run/it', home: '../home', name: 'it' }
  const next = { ...before, directory: '/new/place', flags, environment: { MYD_LOG_DIRECTORY: 'l', MYD_NAME: 'n' } }
  const merged = mergeLaunch(before, { ...next, debug: true })
  const absolute = { stateDirectory: '/new/place/state', runDirectory: '/run/it', home: '/new/home', name: 'it' }
  assert.deepEqual(merged.flags, { ...before.flags, ...absolute })
  assert.deepEqual(merged.environment, { MYD_PROC: '3', MYD_LOG_DIRECTORY: '/new/place/l', MYD_NAME: 'n' })
  assert.deepEqual([merged.directory, merged.debug], ['/old', true])
})

test('what ran in the foreground comes back detached', () => {
  assert.equal(mergeLaunch({ ...before, foreground: true }, before).foreground, false)
})
