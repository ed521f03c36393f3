import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ProcessFacts, unitOf } from './systemd-unit.ts'

const facts: ProcessFacts = {
  environment: ['PATH=/bin', 'INVOCATION_ID=0123'],
  membership: '0::/system.slice/thumbs.service\n',
  parentComm: 'systemd',
}

test('a service of the system, of a user, in a group of its own, under version 1', () => {
  assert.deepEqual(unitOf(facts), { name: 'thumbs.service', ofUser: false })
  const ofUser = '0::/user.slice/user-1000.slice/user@1000.service/app.slice/thumbs.service\n'
  assert.deepEqual(unitOf({ ...facts, membership: ofUser }), { name: 'thumbs.service', ofUser: true })
  const delegated = '0::/system.slice/thumbs@1.service/inner\n'
  assert.deepEqual(unitOf({ ...facts, membership: delegated }), { name: 'thumbs@1.service', ofUser: false })
  const hybrid = '12:pids:/x\n1:name=systemd:/system.slice/thumbs.service\n0::/\n'
  assert.deepEqual(unitOf({ ...facts, membership: hybrid }), { name: 'thumbs.service', ofUser: false })
})

test('started by a person, a container or another program: none', () => {
  const scopes = ['/user.slice/user-1000.slice/session-3.scope', '/', '/system.slice/docker-1.scope', '/user.slice']
  const terminal = '/user.slice/user-1000.slice/user@1000.service/app.slice/vte-spawn-1.scope'
  for (const path of [...scopes, terminal]) assert.equal(unitOf({ ...facts, membership: `0::${path}\n` }), null, path)
  assert.equal(unitOf({ ...facts, environment: ['PATH=/bin'] }), null)
  assert.equal(unitOf({ ...facts, parentComm: 'bash' }), null)
  assert.equal(unitOf({ ...facts, membership: '' }), null)
})
