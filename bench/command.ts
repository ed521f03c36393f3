/**
 * What does a durable job cost beside the program it runs? Jobs that run /bin/true, from `job add` until all are done,
 * beside as many plain Node processes that do nothing but spawn it, each one at a time.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchOptions } from './bench.ts'
import { Myd } from './myd.ts'
import { run, timeOf } from './process.ts'
import { measureRounds, printFigures, printRatio, type Side } from './rounds.ts'

const JOBS = 1600
const PROCS = [2, 8]
const SPAWN = join(import.meta.dirname, 'program', 'spawn-true.cjs')

export async function benchCommand({ directory, rounds, signal }: BenchOptions): Promise<void> {
  const myd = new Myd(directory, signal)
  for (const proc of PROCS) {
    try {
      await myd.start(proc)
      const sides = [jobsOf(myd, proc), bareOf(proc, 'ignore', signal), bareOf(proc, 'pipe', signal)]
      const figures = await measureRounds(sides, rounds)
      printFigures(`/bin/true per second, ${proc} at a time`, figures)
      printRatio(figures[0], figures[1], '≥ 0.8')
      printRatio(figures[0], figures[2])
    } finally {
      await myd.stop()
    }
  }
}

function jobsOf(myd: Myd, proc: number): Side {
  const file = myd.path('true.jsonl')
  writeFileSync(file, '{"type":"command","command":["/bin/true"]}\n'.repeat(JOBS))
  const work = async () => {
    await myd.run('job', 'add', `--from-file=${file}`)
    await myd.run('job', 'wait', '--all')
  }
  return { name: `myd --proc=${proc}`, measure: async () => rateOf(await timeOf(work)) }
}

/** @param output what becomes of the output: `pipe` reads it, as a job runner that keeps it must */
function bareOf(proc: number, output: 'ignore' | 'pipe', signal: AbortSignal): Side {
  const options = { cwd: '/', environment: {}, signal }
  const args = [SPAWN, String(JOBS / proc), output]
  const work = () => Promise.all(Array.from({ length: proc }, () => run(process.execPath, args, options)))
  const name = `${proc} bare processes${output === 'pipe' ? ' that read the output' : ''}`
  return { name, measure: async () => rateOf(await timeOf(work)) }
}

function rateOf(ms: number): number {
  return JOBS / (ms / 1000)
}
