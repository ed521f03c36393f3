/**
 * `npm run bench -- [start|noop|command|http]... [--rounds=7] [--seconds=5]`: the measurements, all of them when none
 * is named. What each answers, and what it answered: README.md. Whatever happens, what was started is ended.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { benchCommand } from './command.ts'
import { benchHttp } from './http.ts'
import { describeLoad, describeMachine } from './machine.ts'
import { benchNoop } from './noop.ts'
import { benchStart } from './start.ts'

export interface BenchOptions {
  /** Its own, empty; removed afterwards. */
  readonly directory: string
  readonly rounds: number
  /** How long one measurement under load lasts. */
  readonly seconds: number
  /** Ctrl-C. */
  readonly signal: AbortSignal
}

const BENCHES: Readonly<Record<string, (options: BenchOptions) => Promise<void>>> = {
  start: benchStart,
  noop: benchNoop,
  command: benchCommand,
  http: benchHttp,
}

async function runBench(name: string, options: Omit<BenchOptions, 'directory'>): Promise<void> {
  const bench = BENCHES[name]
  if (bench === undefined) throw new Error(`there is no bench ${name}: ${Object.keys(BENCHES).join(', ')}`)
  const directory = mkdtempSync(join(tmpdir(), 'myd-bench-'))
  try {
    console.log(`\n${name}, ${options.rounds} rounds; before: ${describeLoad()}`)
    await bench({ ...options, directory })
    console.log(`after: ${describeLoad()}`)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function parseCount(flag: string, text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1) throw new Error(`--${flag}=${text} is not a number of ${flag}`)
  return count
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { rounds: { type: 'string', default: '7' }, seconds: { type: 'string', default: '5' } },
    allowPositionals: true,
  })
  const [rounds, seconds] = [parseCount('rounds', values.rounds), parseCount('seconds', values.seconds)]
  const interrupt = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => interrupt.abort())
  console.log(describeMachine())
  const names = positionals.length === 0 ? Object.keys(BENCHES) : positionals
  for (const name of names) await runBench(name, { rounds, seconds, signal: interrupt.signal })
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
