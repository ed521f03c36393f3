/** The control socket against clients that misbehave. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { createInstance, ended, type Instance } from '../support/instance.ts'
import { waitFor } from '../support/wait-for.ts'

function connectTo(instance: Instance): Socket {
  const client = connect(instance.path('myd.sock'))
  client.on('error', () => {}) // dropped by the daemon: that is what is tested
  return client
}

test('thousands of answers that nobody reads do not keep the daemon after its stop', async (t) => {
  const instance = createInstance(t)
  const result = ended(instance.spawn(['--master', '--proc=1']))
  await instance.logged(/daemon\.ready/)
  const client = connectTo(instance)
  t.after(() => client.destroy())
  client.write('{"command":"status"}\n'.repeat(3000))
  await instance.status() // the daemon has turned its loop since
  await instance.stop()
  await result
  instance.assertGone()
})

test('no descriptor is left: connections are refused, again and again, and the daemon goes on', async (t) => {
  const instance = createInstance(t)
  const pid = await instance.start('--proc=1')
  const limit = Math.max(...readdirSync(`/proc/${pid}/fd`).map(Number)) + 3
  const soft = (count: number) => execFileSync('prlimit', [`--pid=${pid}`, `--nofile=${count}:`])
  const before = Number(execFileSync('prlimit', [`--pid=${pid}`, '--nofile', '--noheadings', '--output=SOFT']))
  soft(limit)
  const clients = Array.from({ length: 20 }, () => connectTo(instance))
  await waitFor('all to be connected or dropped', () => clients.every((client) => !client.connecting))
  for (const client of clients) client.destroy()
  soft(before)
  const status = await instance.status()
  assert.equal(status.pid, pid)
})
