import assert from 'node:assert/strict'
import { test } from 'node:test'
import { which } from '../system/which.ts'
import { assessCommand } from './commands.ts'
import { assessEnvironment, findDangerous } from './environment.ts'
import { assessInstance } from './instance.ts'
import { assessOwner } from './settings.ts'
import { assessUser } from './user.ts'

test('variables that Node, OpenSSL and the loader obey', () => {
  const environment = {
    NODE: '/usr/bin/node',
    NODE_TEST_CONTEXT: 'child',
    NODE_ENV: 'production',
    NODE_OPTIONS: '--require x',
    OPENSSL_CONF: '/x',
    SSL_CERT_FILE: undefined,
    LD_PRELOAD: '',
    PATH: '/bin',
    npm_config_x: '1',
  }
  assert.deepEqual(findDangerous(environment), ['LD_PRELOAD', 'NODE_OPTIONS', 'OPENSSL_CONF'])
})

test('root refuses them, others ignore them', () => {
  assert.equal(assessEnvironment([], [], 0, true).level, 'ok')
  assert.equal(assessEnvironment(['LD_PRELOAD'], [], 0, true).level, 'failure')
  assert.equal(assessEnvironment(['LD_PRELOAD'], ['LD_PRELOAD'], 0, true).level, 'failure')
  assert.equal(assessEnvironment(['LD_PRELOAD'], ['LD_PRELOAD'], 1000, true).level, 'ok')
  const ignored = assessEnvironment(['LD_PRELOAD', 'NODE_PATH'], ['LD_PRELOAD'], 1000, true)
  assert.equal(ignored.level, 'warning')
  assert.equal(ignored.message, 'NODE_PATH set, but ignored and not passed on')
})

test('the owner of a file that root obeys', () => {
  assert.equal(assessOwner('/f', 0, 0o100644), null)
  assert.match(assessOwner('/f', 0, 0o100664)?.message ?? '', /others than root may write/)
  assert.match(assessOwner('/f', 1000, 0o100644)?.message ?? '', /belongs to uid 1000/)
})

test('user is not obeyed yet, and root is told', () => {
  assert.equal(assessUser(null, null, 1000).level, 'ok')
  assert.equal(assessUser(null, null, 0).level, 'warning')
  assert.equal(assessUser('www', null, 0).level, 'failure')
  assert.equal(assessUser('www', 'www', 1000).level, 'failure')
  assert.match(assessUser('www', 'web', 0).message, /^user = www and group = web cannot be obeyed/)
})

test('instances', () => {
  const assess = (state: Parameters<typeof assessInstance>[1]) => assessInstance('thumbs', state, '/run/thumbs.pid')
  assert.equal(assess({ kind: 'free' }).message, 'no thumbs is running')
  assert.equal(assess({ kind: 'running', pid: 7 }).message, 'thumbs is running (pid 7)')
  assert.equal(assess({ kind: 'running', pid: 7 }).level, 'ok')
  assert.equal(assess({ kind: 'starting', pid: null }).level, 'warning')
  assert.equal(assess({ kind: 'stopping', pid: 7 }).level, 'warning')
  assert.equal(assess({ kind: 'stale', pid: 7 }).level, 'ok')
  assert.equal(assess({ kind: 'foreign', reason: 'the pidfile is a link' }).message, 'the pidfile is a link')
  assert.equal(assess({ kind: 'foreign', reason: '' }).level, 'failure')
})

test('programs on PATH', () => {
  const sh = which('sh', 'relative::/nonexistent:/usr/bin:/bin')
  assert.match(sh ?? '', /^\/(usr\/)?bin\/sh$/)
  assert.equal(which('sh', ''), null)
  assert.equal(which('/bin/sh'), '/bin/sh')
  assert.equal(which('./sh'), null)
  assert.equal(which('/etc/passwd'), null)
  assert.equal(which('/etc'), null)
  assert.match(assessCommand('x', 'convert', null).message, /^convert, which jobs of type x need, is not on PATH$/)
})
