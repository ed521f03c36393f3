/** What a daemon is: the facts about the detached master and its children, read from /proc. See daemon(7). */
import assert from 'node:assert/strict'
import { closeSync, openSync, readdirSync, statSync } from 'node:fs'
import { test } from 'node:test'
import { readStat } from '../../src/system/proc.ts'
import { createInstance, ended, type Instance } from '../support/instance.ts'
import { listOwned, readProcLink, readProcStatus } from '../support/processes.ts'

function ancestorsOf(pid: number): number[] {
  const parent = readStat(pid)?.parentPid ?? 0
  return parent === 0 ? [] : [parent, ...ancestorsOf(parent)]
}

test('the master has left everything of its caller', async (t) => {
  const instance = createInstance(t)
  const pid = await instance.start('--proc=1')
  const stat = readStat(pid)!
  const own = readStat(process.pid)!
  assert.notEqual(stat.session, own.session, 'it is in the session of the caller')
  assert.notEqual(stat.session, pid, 'it leads its session: it could get a terminal')
  assert.equal(stat.tty, 0)
  assert.ok(ancestorsOf(process.pid).includes(stat.parentPid), `its parent ${stat.parentPid} is no one to adopt it`)
  assert.equal(readProcLink(pid, 'cwd'), '/')
  assert.equal(readProcStatus(pid, 'Umask'), '0027')
  const fds = [0, 1, 2].map((fd) => readProcLink(pid, `fd/${fd}`))
  assert.deepEqual(fds, ['/dev/null', instance.path('myd.log'), instance.path('myd.log')])
})

test('each child is a direct child of the master, and leads a session of its own', async (t) => {
  const instance = createInstance(t)
  const pid = await instance.start('--proc=2')
  const { workers, store } = await instance.status()
  for (const child of [...workers, store]) {
    const stat = readStat(child.pid!)!
    assert.deepEqual([stat.parentPid, stat.session, stat.group], [pid, child.pid, child.pid])
    assert.equal(readProcLink(child.pid!, 'cwd'), '/')
  }
  const known = [pid, store.pid, ...workers.map((worker) => worker.pid)]
  assert.deepEqual(listOwned(instance.home).sort(), known.sort(), 'launcher or intermediate are still there')
})

/** What a careless parent leaves open: low, above 9, and above what shells use themselves. */
const STRAY_FDS = [9, 200, 251]

/** @returns a list for spawn in which the stray descriptors are `fd` */
function strayStdio(fd: number): ('pipe' | 'ignore' | number)[] {
  return Array.from({ length: 252 }, (_, index) => (index < 3 ? 'pipe' : STRAY_FDS.includes(index) ? fd : 'ignore'))
}

function openPaths(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).map((fd) => readProcLink(pid, `fd/${fd}`))
}

async function startWithStrayFds(instance: Instance, args: readonly string[]): Promise<void> {
  const fd = openSync(instance.path('stray'), 'w')
  const result = await ended(instance.spawn(args, strayStdio(fd)))
  closeSync(fd)
  assert.equal(result.code, 0, result.stderr)
}

test('descriptors that the caller left open are inherited by nobody', async (t) => {
  const instance = createInstance(t)
  await startWithStrayFds(instance, ['--daemon', '--proc=1'])
  const pids = listOwned(instance.home)
  assert.equal(pids.length, 3)
  for (const pid of pids) assert.ok(!openPaths(pid).includes(instance.path('stray')), `process ${pid} has it`)
})

test('the umask and the signal mask of the caller are not passed on', async (t) => {
  const instance = createInstance(t)
  const before = process.umask(0)
  t.after(() => process.umask(before))
  const pid = await instance.start('--proc=1', '--set', 'umask=0077')
  assert.equal(readProcStatus(pid, 'Umask'), '0077')
  assert.equal(readProcStatus((await instance.worker()).pid, 'Umask'), '0077')
  assert.equal(readProcStatus(pid, 'SigBlk'), '0000000000000000')
  assert.equal(statSync(instance.path('myd.log')).mode & 0o777, 0o600)
})

test('its files have the modes that others rely on, whatever the umasks are', async (t) => {
  const instance = createInstance(t)
  const before = process.umask(0o077)
  t.after(() => process.umask(before))
  instance.configure(`runDirectory = "${instance.path('run')}"`)
  await instance.start('--proc=1')
  const mode = (name: string) => `${name} ${(statSync(instance.path(name)).mode & 0o7777).toString(8)}`
  const modes = ['run', 'run/myd.pid', 'run/myd.sock', 'run/myd.jobs.sock', 'myd.log', 'state'].map(mode)
  const sockets = ['run/myd.sock 600', 'run/myd.jobs.sock 600']
  assert.deepEqual(modes, ['run 755', 'run/myd.pid 644', ...sockets, 'myd.log 640', 'state 750'])
  await instance.stop()
})
