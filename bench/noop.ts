/**
 * How many durable jobs per second, end to end? 20,000 that do nothing, by 8 workers: from the beginning of
 * `job add --from-file` until `job wait --all` returns. Beside it, how long one `add` takes that nobody shares a commit
 * with, and how long the disk alone takes for what it costs: one write and one fdatasync.
 */
import { closeSync, fdatasyncSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { connectToStore } from '../src/job/socket-client.ts'
import type { BenchOptions } from './bench.ts'
import { Myd } from './myd.ts'
import { timeOf } from './process.ts'
import { measureRounds, printFigures, printRatio, quantile, type Side, summarize } from './rounds.ts'

const PROC = 8
const JOBS = 20_000
const ADDS = 500
const PAGE_BYTES = 4096

export async function benchNoop({ directory, rounds, signal }: BenchOptions): Promise<void> {
  const myd = new Myd(directory, signal)
  try {
    await myd.start(PROC)
    const rates = await measureRounds([endToEndOf(myd)], rounds)
    printFigures(`durable jobs/s with ${PROC} workers (aim ≥ 10000)`, rates)
    await compareAdds(myd, rounds)
  } finally {
    await myd.stop()
  }
}

function endToEndOf(myd: Myd): Side {
  const file = myd.path('noop.jsonl')
  writeFileSync(file, '{"type":"noop"}\n'.repeat(JOBS))
  const work = async () => {
    await myd.run('job', 'add', `--from-file=${file}`)
    await myd.run('job', 'wait', '--all')
  }
  return { name: 'noop', measure: async () => JOBS / ((await timeOf(work)) / 1000) }
}

async function compareAdds(myd: Myd, rounds: number): Promise<void> {
  const adds: number[] = []
  const syncs: number[] = []
  const sides = [
    { name: 'add', measure: () => keepAll(adds, () => addOneByOne(myd)) },
    { name: 'disk alone', measure: () => keepAll(syncs, async () => syncOneByOne(myd.path('fdatasync'))) },
  ]
  const figures = await measureRounds(sides, rounds)
  printFigures('ms for one, median of each round', figures)
  printRatio(figures[0], figures[1])
  for (const [name, each] of [['add', adds] as const, ['disk alone', syncs] as const]) {
    console.log(`${name}: p50 ${quantile(each, 0.5).toFixed(2)} ms, p99 ${quantile(each, 0.99).toFixed(2)} ms`)
  }
}

/** @returns the median; every single value is kept in `all`, in order of size */
async function keepAll(all: number[], measure: () => Promise<readonly number[]>): Promise<number> {
  const each = await measure()
  all.push(...each)
  all.sort((a, b) => a - b)
  return summarize('', each).median
}

async function addOneByOne(myd: Myd): Promise<number[]> {
  const client = await connectToStore(myd.path('myd.jobs.sock'))
  if (client === null) throw new Error('the job store does not answer')
  try {
    const times: number[] = []
    for (let count = 0; count < ADDS; count++) {
      // Due tomorrow: what is measured is the add alone, not the workers' share of the processors.
      const job = { type: 'noop', delayMs: 86_400_000 }
      times.push(await timeOf(() => client.call({ op: 'add', jobs: [job] })))
    }
    return times
  } finally {
    await client.close()
  }
}

function syncOneByOne(path: string): number[] {
  const page = Buffer.alloc(PAGE_BYTES, 1)
  const fd = openSync(path, 'w')
  try {
    return Array.from({ length: ADDS }, () => {
      const startedAt = performance.now()
      writeSync(fd, page)
      fdatasyncSync(fd)
      return performance.now() - startedAt
    })
  } finally {
    closeSync(fd)
  }
}
