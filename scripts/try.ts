/** The second half of scripts/try: drives dist/myd as an operator would, and shows what it did. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join, relative, resolve } from 'node:path'
import type { Status } from '../src/admin/control.ts'

const PROC = 8
const SKIPPED = new Set(['node_modules', 'dist', '.git', '.dev'])
const FILE_LIMIT = 20_000
const POLL_MS = 50
const BAR_WIDTH = 40
/** $1: the file, $2: where to. Fails when the copy does not unpack to what was packed. */
const SCRIPT = 'set -e; gzip -c -- "$1" >"$2"; sha256sum -- "$1"; gzip -dc -- "$2" | sha256sum; sha256sum -- "$2"'

const program = resolve('dist/myd')
const home = join(tmpdir(), `myd-try-${userInfo().username}`)
/** Nothing of the caller's that would change how Node runs: a start as root refuses it. */
const environment = { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: process.env.HOME ?? '/' }

interface Stats {
  readonly states: Readonly<Record<string, number>>
}

function myd(...args: string[]): string {
  return execFileSync(program, [...args, `--home=${home}`], {
    env: environment,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** Shows a command as it would be typed, and runs it with its output on the terminal. */
function show(...args: string[]): void {
  process.stdout.write(`\n$ dist/myd ${args.join(' ')} --home=${home}\n`)
  const { status } = spawnSync(program, [...args, `--home=${home}`], {
    env: environment,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (status !== 0) process.exit(status ?? 1)
}

function listFiles(directory: string, found: string[] = []): string[] {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (found.length >= FILE_LIMIT) break
    const path = join(directory, entry.name)
    if (entry.isDirectory() && !SKIPPED.has(entry.name)) listFiles(path, found)
    else if (entry.isFile()) found.push(path)
  }
  return found
}

function describeJobs(files: readonly string[], directory: string, output: string): string {
  const jobs = files.map((file, index) => {
    const target = join(output, `${index}-${relative(directory, file).replaceAll('/', '_').slice(-80)}.gz`)
    return JSON.stringify({ type: 'command', command: ['sh', '-c', SCRIPT, 'sh', file, target], attempts: 1 })
  })
  return `${jobs.join('\n')}\n`
}

function readStates(): Readonly<Record<string, number>> {
  return (JSON.parse(myd('job', 'stats', '--json')) as Stats).states
}

function countEnded(states: Readonly<Record<string, number>>): number {
  return (states.done ?? 0) + (states.buried ?? 0) + (states.cancelled ?? 0)
}

function drawBar(done: number, total: number): void {
  const filled = total === 0 ? BAR_WIDTH : Math.round((done / total) * BAR_WIDTH)
  const bar = `${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}`
  const line = `[${bar}] ${done} of ${total}`
  process.stdout.write(process.stdout.isTTY ? `\r${line}` : done === total ? `${line}\n` : '')
}

async function followProgress(endedBefore: number, total: number): Promise<void> {
  for (;;) {
    const ended = countEnded(readStates()) - endedBefore
    drawBar(ended, total)
    if (ended >= total) break
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  if (process.stdout.isTTY) process.stdout.write('\n')
}

function printTable(rows: readonly (readonly [string, string])[]): void {
  const width = Math.max(...rows.map(([name]) => name.length))
  for (const [name, value] of rows) process.stdout.write(`${name.padEnd(width)}  ${value}\n`)
}

const directory = resolve(process.argv[2] ?? '.')
const files = listFiles(directory)
if (files.length === 0) {
  process.stderr.write(`try: there is no file in ${directory}\n`)
  process.exit(1)
}
const output = join(home, 'compressed')
myd('stop', '--quiet')
rmSync(output, { recursive: true, force: true })
mkdirSync(output, { recursive: true, mode: 0o750 })
show('--check', `--proc=${PROC}`)
show('--daemon', `--proc=${PROC}`)

const before = readStates()
process.stdout.write(`\none job for each of ${files.length} files in ${directory}: compress it, and SHA-256 of both\n`)
const startedAt = performance.now()
execFileSync(program, ['job', 'add', '--from-file', '-', '--quiet', `--home=${home}`], {
  env: environment,
  input: describeJobs(files, directory, output),
  stdio: ['pipe', 'ignore', 'inherit'],
})
await followProgress(countEnded(before), files.length)
const seconds = (performance.now() - startedAt) / 1000

const after = readStates()
const failed = (after.buried ?? 0) - (before.buried ?? 0)
const { workers } = JSON.parse(myd('status', '--json')) as Status
process.stdout.write('\n')
printTable([
  ['jobs', String(files.length)],
  ['failed', String(failed)],
  ['seconds', seconds.toFixed(2)],
  ['jobs/s', (files.length / seconds).toFixed(0)],
  ...workers.map((worker): [string, string] => [`worker ${worker.slot}`, String(worker.jobsDone + worker.jobsFailed)]),
])
show('status')
process.stdout.write(`
look further:
  dist/myd job list --home=${home}
  dist/myd job show ID --home=${home}
  tail ${join(home, 'myd.log')}
  ls ${output}
stop it:
  dist/myd stop --home=${home}
`)
process.exit(failed === 0 ? 0 : 1)
