/**
 * What does a supervised HTTP server cost, and does a reload lose a request? The memory of eight workers beside PM2;
 * requests per second, processor time per request and p99 with two workers beside Node cluster, bare Node processes and
 * PM2; failed requests over five reloads beside PM2, nginx and puma. The server does nothing special anywhere.
 */
import { which } from '../src/system/which.ts'
import type { BenchOptions } from './bench.ts'
import { createMyd, createNodeCluster, createPm2, createReusePort, type Peer } from './http-peer.ts'
import { benchReloads } from './http-reload.ts'
import { readCpuMicroseconds, readSettledPssMib } from './http-usage.ts'
import { runWrk } from './http-wrk.ts'
import { type Figures, measureRounds, printFigures, printRatio, summarize } from './rounds.ts'

const MEMORY_PROC = 8
const PROC = 2
/** How wrk connects, and the aim beside bare Node processes. */
const WAYS = [
  ['keep-alive', []],
  ['new connections', ['-H', 'Connection: close']],
] as const

export async function benchHttp(options: BenchOptions): Promise<void> {
  await benchMemory(options)
  await benchThroughput(options)
  await benchReloads(options)
}

async function benchMemory(options: BenchOptions): Promise<void> {
  const peers = [await createMyd(options, MEMORY_PROC), await createPm2(options, MEMORY_PROC)]
  const sideOf = (peer: Peer) => ({
    name: peer.name,
    async measure() {
      try {
        await peer.start()
        return await readSettledPssMib(() => peer.pids())
      } finally {
        await peer.stop()
      }
    },
  })
  const figures = await measureRounds(peers.map(sideOf), options.rounds)
  printFigures(`MiB, sum of PSS of all processes with ${MEMORY_PROC} workers`, figures)
  printRatio(figures[0], figures[1], '≤ 0.75')
}

async function benchThroughput(options: BenchOptions): Promise<void> {
  if (which('wrk', process.env.PATH) === null) throw new Error('there is no wrk: apt-get install wrk')
  const creators = [createMyd, createReusePort, createNodeCluster, createPm2]
  const peers: Peer[] = []
  try {
    for (const create of creators) {
      const peer = await create(options, PROC)
      peers.push(peer)
      await peer.start()
    }
    for (const [how, flags] of WAYS) await compareThroughput(peers, how, flags, options)
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()))
  }
}

/** What one measurement of a peer says besides the rate; the first does not count. */
interface Costs {
  readonly cpu: number[]
  readonly p99: number[]
}

async function compareThroughput(
  peers: readonly Peer[],
  how: string,
  flags: readonly string[],
  { rounds, seconds, signal }: BenchOptions,
): Promise<void> {
  const costs = peers.map((): Costs => ({ cpu: [], p99: [] }))
  const sides = peers.map((peer, index) => ({
    name: peer.name,
    async measure() {
      const before = readCpuMicroseconds(peer.pids())
      const { requests, perSecond, p99Ms } = await runWrk(peer.target, seconds, flags, signal)
      costs[index]?.cpu.push((readCpuMicroseconds(peer.pids()) - before) / requests)
      costs[index]?.p99.push(p99Ms)
      return perSecond
    },
  }))
  const figuresOf = (each: (costs: Costs) => readonly number[]) =>
    costs.map((one, index) => summarize(peers[index]?.name ?? '', each(one).slice(1)))
  printBesideAll(`requests/s, ${PROC} workers, ${how}`, await measureRounds(sides, rounds))
  const cpu = figuresOf((one) => one.cpu)
  printBesideAll(`µs of processor time per request, ${how}`, cpu)
  printBesideAll(
    `ms, p99, ${how}`,
    figuresOf((one) => one.p99),
  )
}

function printBesideAll(unit: string, figures: readonly Figures[]): void {
  printFigures(unit, figures)
  for (const other of figures.slice(1)) printRatio(figures[0], other)
}
