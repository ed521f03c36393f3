import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { waitFor } from '../../test/support/wait-for.ts'
import { which } from '../system/which.ts'
import { commandEnvironment } from './command-environment.ts'
import type { Job, JobResult } from './define-service.ts'
import type { RunContext } from './job-handler.ts'
import { hasLiving } from './process-group.ts'
import { type CommandOptions, runCommand } from './run-command.ts'

let directory: string

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'run-command-'))
})

after(() => rmSync(directory, { recursive: true }))

const OPTIONS: CommandOptions = {
  environment: commandEnvironment({ PATH: '/usr/bin:/bin', LD_PRELOAD: 'x', NODE_OPTIONS: 'x', LC_ALL: 'C' }, 'i', 'w'),
  killDelayMs: 100,
  outputLimitBytes: 1000,
  setpriv: which('setpriv'),
}

interface Setting {
  readonly job?: Partial<Job>
  readonly signal?: AbortSignal
  readonly onGroup?: (group: number) => void
}

const NOTHING = () => {}

function run(argv: string[], { job = {}, signal, onGroup = NOTHING }: Setting = {}): Promise<JobResult> {
  const context: RunContext = {
    log: { debug: NOTHING, info: NOTHING, warning: NOTHING, error: NOTHING },
    signal: signal ?? new AbortController().signal,
    ownGroup: onGroup,
  }
  const basis = { id: 7, type: 'command', payload: '', command: argv, attempt: 2, key: 'k', timeoutMs: 0 }
  return runCommand(argv, { ...basis, directory, umask: 0o027, ...job }, context, OPTIONS)
}

const sh = (script: string, setting?: Setting): Promise<JobResult> => run(['sh', '-c', script], setting)

test('exit code and output of both streams come back', async () => {
  assert.deepEqual(await sh('echo out; echo err >&2; exit 3'), { exitCode: 3, signal: null, output: 'out\nerr\n' })
  assert.equal((await sh('kill -SEGV $$')).signal, 'SIGSEGV')
})

test('it runs in the directory and with the umask of the job, and ours stays', async () => {
  const before = process.umask()
  assert.equal((await sh('pwd; umask')).output, `${directory}\n0027\n`)
  assert.equal(process.umask(), before)
})

test('the environment is clean and names the job', async () => {
  const lines = (await run(['env'])).output.trim().split('\n').sort()
  assert.deepEqual(lines, [
    ...['LC_ALL=C', 'MYD_INSTANCE=i', 'MYD_JOB_ATTEMPT=2', 'MYD_JOB_ID=7', 'MYD_JOB_KEY=k', 'MYD_JOB_TYPE=command'],
    ...['MYD_WORKER=w', 'PATH=/usr/bin:/bin', `PWD=${directory}`],
  ])
})

test('the payload comes on stdin, which is empty without one', async () => {
  assert.equal((await run(['cat'], { job: { payload: 'päyload' } })).output, 'päyload')
  assert.equal((await run(['cat'])).output, '')
  const large = 'x'.repeat(300_000)
  assert.equal((await run(['true'], { job: { payload: large } })).exitCode, 0, 'a program may ignore its input')
})

test('what cannot be run says so, with the exit code of a shell', async () => {
  const script = join(directory, 'script')
  writeFileSync(script, 'echo')
  chmodSync(script, 0o644)
  const cases: [string[], Partial<Job>, number, RegExp][] = [
    [['no-such-program'], {}, 127, /no-such-program: command not found/],
    [['./no-such-file'], {}, 127, /command not found/],
    [[script], {}, 126, /script: not executable/],
    [['/'], {}, 127, /command not found/],
    [['true'], { directory: '/no/such/directory' }, 126, /directory \/no\/such\/directory is gone/],
  ]
  for (const [argv, job, exitCode, output] of cases) {
    const result = await run(argv, { job })
    assert.equal(result.exitCode, exitCode, result.output)
    assert.match(result.output, output)
  }
})

test('a relative program is found in the directory of the job', async () => {
  const script = join(directory, 'relative')
  writeFileSync(script, '#!/bin/sh\necho here\n')
  chmodSync(script, 0o755)
  assert.equal((await run(['./relative'])).output, 'here\n')
})

test('the group is told before anything else, and leads itself', async () => {
  let group = 0
  const { output } = await sh('ps -o pid=,pgid=,sid= -p $$ || cut -d" " -f1,5,6 /proc/$$/stat', {
    onGroup: (told) => {
      group = told
    },
  })
  assert.deepEqual(new Set(output.trim().split(/\s+/)), new Set([String(group)]))
})

test('the run is over when the whole group is gone', async () => {
  let group = 0
  const startedAt = performance.now()
  await sh('sleep 30 & sleep 30 & exit 0', {
    onGroup: (told) => {
      group = told
    },
  })
  assert.equal(hasLiving(group), false)
  assert.ok(performance.now() - startedAt < 5000)
})

test('an escaped process that holds the output is not waited for', async () => {
  const startedAt = performance.now()
  assert.equal((await sh('echo first; setsid sleep 3 & sleep 0.1; exit 4')).output, 'first\n')
  assert.ok(performance.now() - startedAt < 2000)
})

test('an abort sends TERM, then KILL to the whole group', async () => {
  const polite = new AbortController()
  const up = join(tmpdir(), `run-command-up-${process.pid}`)
  const script = `trap "echo bye; exit 5" TERM; : >${up}; while :; do sleep 0.02; done`
  const ended = sh(script, { signal: polite.signal })
  await waitFor('the command to have its trap', () => existsSync(up))
  rmSync(up)
  polite.abort()
  const { exitCode, output } = await ended
  assert.deepEqual([exitCode, output.endsWith('bye\n')], [5, true])
  const stubborn = await sh('trap "" TERM; sleep 30 & sleep 30; sleep 30', { signal: AbortSignal.timeout(50) })
  assert.deepEqual([stubborn.exitCode, stubborn.signal], [null, 'SIGKILL'])
})
