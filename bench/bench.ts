/**
 * `npm run bench -- [start|noop|command]... [--rounds=7]`: the measurements, all of them when none is named. What each
 * answers, and what it answered: README.md. Whatever happens, what was started is ended.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { benchCommand } from './command.ts'
import { describeLoad, describeMachine } from './machine.ts'
import { benchNoop } from './noop.ts'
import { benchStart } from './start.ts'

export interface BenchOptions {
  /** Its own, empty; removed afterwards. */
  readonly directory: string
  readonly rounds: number
  /** Ctrl-C. */
  readonly signal: AbortSignal
}

const BENCHES: Readonly<Record<string, (options: BenchOptions) => Promise<void>>> = {
  start: benchStart,
  noop: benchNoop,
  command: benchCommand,
}

async function runBench(name: string, rounds: number, signal: AbortSignal): Promise<void> {
  const bench = BENCHES[name]
  if (bench === undefined) throw new Error(`there is no bench ${name}: ${Object.keys(BENCHES).join(', ')}`)
  const directory = mkdtempSync(join(tmpdir(), 'myd-bench-'))
  try {
    console.log(`\n${name}, ${rounds} rounds; before: ${describeLoad()}`)
    await bench({ directory, rounds, signal })
    console.log(`after: ${describeLoad()}`)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { rounds: { type: 'string', default: '7' } },
    allowPositionals: true,
  })
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds=${values.rounds} is not a number of rounds`)
  const interrupt = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => interrupt.abort())
  console.log(describeMachine())
  const names = positionals.length === 0 ? Object.keys(BENCHES) : positionals
  for (const name of names) await runBench(name, rounds, interrupt.signal)
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
