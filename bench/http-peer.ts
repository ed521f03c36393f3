/** What `http` compares: each is a server of several processes on a port of its own, started, reloaded and ended alike. */
import { type ChildProcess, spawn } from 'node:child_process'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { withDescendants } from '../src/system/proc.ts'
import { findFreePort } from '../test/support/listening-socket.ts'
import { waitFor } from '../test/support/wait-for.ts'
import type { BenchOptions } from './bench.ts'
import { Myd } from './myd.ts'
import { Pm2 } from './pm2.ts'

export interface Target {
  readonly host: string
  readonly port: number
}

export interface Peer {
  readonly name: string
  readonly target: Target
  /** Returns when it answers. */
  start(): Promise<void>
  /** Asks for it; who returns earlier than it is done is waited for. Peers that cannot have none. */
  readonly reload?: () => Promise<void>
  /** Every process of it. */
  pids(): number[]
  /** Also when it does not run. */
  stop(): Promise<void>
}

const PROGRAM = join(import.meta.dirname, 'program', 'http.cjs')

/** The text of a server on this address; a service file, a script of PM2, or part of another. */
function serverText(listen: Target & { readonly reusePort?: boolean }): string {
  return `require(${JSON.stringify(PROGRAM)})(${JSON.stringify(listen)})\n`
}

export async function findTarget(): Promise<Target> {
  return { host: '127.0.0.1', port: await findFreePort() }
}

async function awaitAnswer(target: Target): Promise<void> {
  const accepts = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(target, () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
  await waitFor(`an answer of port ${target.port}`, accepts)
}

export async function createMyd({ directory, signal }: BenchOptions, proc: number): Promise<Peer> {
  const target = await findTarget()
  const myd = new Myd(directory, signal)
  const file = myd.path('http.cjs')
  writeFileSync(file, serverText(target))
  return {
    name: 'myd',
    target,
    start: () => myd.start(proc, file),
    reload: () => myd.run('reload'),
    pids: () => withDescendants(Number(readFileSync(myd.path('myd.pid'), 'utf8'))),
    stop: () => myd.stop(),
  }
}

/**
 * PM2 runs under a copy of Node: pages of one file are shared by all processes that run it, this one among them, which
 * would make it look smaller than it is.
 */
export async function createPm2({ directory, signal }: BenchOptions, proc: number): Promise<Peer> {
  await Pm2.install(signal)
  const target = await findTarget()
  const node = join(directory, 'node')
  copyFileSync(process.execPath, node)
  const pm2 = new Pm2(directory, signal, node)
  const file = join(directory, 'pm2.cjs')
  writeFileSync(file, serverText(target))
  return {
    name: `pm2 ${Pm2.version}`,
    target,
    async start() {
      await pm2.run('start', file, '-i', String(proc))
      await awaitAnswer(target)
    },
    reload: () => pm2.run('reload', 'all'),
    pids: () => withDescendants(Number(readFileSync(join(directory, 'pm2', 'pm2.pid'), 'utf8'))),
    stop: () => pm2.kill(),
  }
}

/** Programs that stay in the foreground, and end by TERM. */
export function createForeground(
  name: string,
  target: Target,
  commands: readonly (readonly [string, ...string[]])[],
  signal: AbortSignal,
): Peer {
  let children: ChildProcess[] = []
  return {
    name,
    target,
    async start() {
      children = commands.map(([file, ...args]) => spawn(file, args, { stdio: 'ignore', signal }))
      for (const child of children) child.on('error', () => {}) // no answer then; or Ctrl-C
      await awaitAnswer(target)
    },
    pids: () => children.flatMap(({ pid }) => (pid === undefined ? [] : withDescendants(pid))),
    async stop() {
      await Promise.all(children.map(endOf))
      children = []
    },
  }
}

async function endOf(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM')
  await waitFor(`${child.spawnfile} to end`, () => child.exitCode !== null || child.signalCode !== null)
}

/** The master of Node itself hands each connection to a worker. */
export async function createNodeCluster({ directory, signal }: BenchOptions, proc: number): Promise<Peer> {
  const target = await findTarget()
  const file = join(directory, 'cluster.cjs')
  const fork = `for (let count = 0; count < ${proc}; count++) cluster.fork()`
  writeFileSync(
    file,
    `const cluster = require('node:cluster')\nif (cluster.isPrimary) ${fork}\nelse ${serverText(target)}`,
  )
  return createForeground('Node cluster', target, [[process.execPath, file]], signal)
}

/** Bare processes that share a port by themselves: what Node can do at best, with nobody who looks after them. */
export async function createReusePort({ directory, signal }: BenchOptions, proc: number): Promise<Peer> {
  const target = await findTarget()
  const file = join(directory, 'reuse-port.cjs')
  writeFileSync(file, serverText({ ...target, reusePort: true }))
  const command = [process.execPath, file] as const
  return createForeground(
    'Node reusePort',
    target,
    Array.from({ length: proc }, () => [...command] as [string, string]),
    signal,
  )
}
