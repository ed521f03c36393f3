import assert from 'node:assert/strict'
import { test } from 'node:test'
import { childEnvironment } from './child-environment.ts'

const CALLER = {
  PATH: '/bin',
  HOME: '/root',
  NODE_OPTIONS: '--require=x',
  NODE_PATH: '/x',
  OPENSSL_CONF: '/x',
  SSL_CERT_FILE: '/x',
  SSL_CERT_DIR: '/x',
  LD_PRELOAD: '/x.so',
  LD_LIBRARY_PATH: '/x',
  MYD_PROC: '8',
  MYD_ROLE: 'master',
  LISTEN_PID: '1',
  LISTEN_FDS: '1',
  LISTEN_FDNAMES: 'web',
  LISTEN_ADDRESS: ':80',
  NOTIFY_SOCKET: '/run/systemd/notify',
  NODE_ENV: 'production', // changes nothing of the runtime: libraries look at it
  LDAP_URI: 'ldap://x',
  NODENV: 'x',
  EMPTY: '',
  GONE: undefined,
}

const OTHERS = { NODE_ENV: 'production', LDAP_URI: 'ldap://x', NODENV: 'x', EMPTY: '' }

test('what would change the runtime or the loader is held back, and our own', () => {
  const passed = childEnvironment(CALLER, [], {})
  assert.deepEqual(passed, { PATH: '/bin', HOME: '/root', LISTEN_ADDRESS: ':80', ...OTHERS })
})

test('what is named is passed, and only that', () => {
  const { NODE_PATH, SSL_CERT_FILE, ...others } = childEnvironment(CALLER, ['NODE_PATH', 'SSL_CERT_FILE', 'GONE'], {})
  assert.deepEqual([NODE_PATH, SSL_CERT_FILE], ['/x', '/x'])
  assert.deepEqual(Object.keys(others), ['PATH', 'HOME', 'LISTEN_ADDRESS', ...Object.keys(OTHERS)])
  assert.deepEqual(childEnvironment({ LD_PRELOAD: 'x' }, ['LD_', 'LD'], {}), {})
})

test('what the child is given wins', () => {
  const passed = childEnvironment(CALLER, ['MYD_ROLE'], { MYD_ROLE: 'worker', HOME: '/' })
  assert.deepEqual([passed.MYD_ROLE, passed.HOME], ['worker', '/'])
})
