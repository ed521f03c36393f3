/** Settings from file, environment and flags; everything wrong is told at once, with file and line. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { createInstance } from '../support/instance.ts'

const BROKEN = `proc = 0
stopTimeout = "soon"
porc = 3

[jobs]
attempts = "many"
[jobs.resize]
command = "convert a.jpg"
`
/** Line → what is wrong there. */
const WRONG_LINES: readonly [number, RegExp][] = [
  [1, /proc/],
  [2, /stopTimeout/],
  [3, /porc/],
  [6, /attempts/],
  [8, /command/],
]

test('--check tells everything that is wrong in the file, each with its line: exit 1', async (t) => {
  const instance = createInstance(t)
  instance.configure(BROKEN)
  const people = await instance.run(['--check'])
  assert.equal(people.code, 1)
  for (const [line, message] of WRONG_LINES) {
    const row = people.stdout.split('\n').find((text) => text.includes(`myd.toml:${line}`))
    assert.match(row ?? `(nothing of line ${line})`, message, people.stdout)
  }
  const { code, stdout } = await instance.run(['--check', '--json'])
  assert.equal(code, 1)
  const { findings } = JSON.parse(stdout) as { findings: { level: string; line?: number }[] }
  const lines = findings.filter(({ level, line }) => level === 'failure' && line !== undefined).map(({ line }) => line)
  assert.deepEqual(
    [...new Set(lines)],
    WRONG_LINES.map(([line]) => line),
  )
})

test('a start with wrong settings: 78, and nothing is started', async (t) => {
  const instance = createInstance(t)
  instance.configure(BROKEN)
  const result = await instance.run(['--daemon'])
  assert.deepEqual([result.code, result.stdout], [78, ''])
  for (const [line] of WRONG_LINES) assert.ok(result.stderr.includes(`myd.toml:${line}`), result.stderr)
  assert.equal((await instance.run(['--settings'])).code, 78)
  instance.assertGone()
})

test('a file that is no TOML: 78, with the line', async (t) => {
  const instance = createInstance(t)
  instance.configure('proc = 2\nstopTimeout = = "1s"\n')
  const result = await instance.run(['--daemon'])
  assert.equal(result.code, 78)
  assert.match(result.stderr, /myd\.toml:2/)
})

test('a wrong variable is the operator’s too: 78; a named file that is not there', async (t) => {
  const instance = createInstance(t)
  const result = await instance.run(['--daemon'], { environment: { MYD_PROC: 'many' } })
  assert.equal(result.code, 78)
  assert.match(result.stderr, /MYD_PROC/)
  const missing = await instance.run(['--daemon', '--config', 'no.toml'])
  assert.ok(missing.code === 64 || missing.code === 78, `exit ${missing.code}`)
  assert.match(missing.stderr, /no\.toml/)
})

test('flags win over variables, variables over the file; relative paths start where they are typed', async (t) => {
  const instance = createInstance(t)
  writeFileSync(instance.path('other.toml'), 'proc = 3\nstopTimeout = "7s"\n"jobs.attempts" = 9\n')
  const environment = { MYD_PROC: '2', MYD_STOP_TIMEOUT: '6s' }
  const args = ['--settings', '--json', '--config', 'other.toml', '--proc=1']
  const { code, stdout, stderr } = await instance.run(args, { environment, cwd: instance.home })
  assert.equal(code, 0, stderr)
  const { settings } = JSON.parse(stdout) as { settings: Record<string, { value: unknown; source: string }> }
  const given = ['proc', 'stopTimeout', 'jobs.attempts'].map((name) => [settings[name]?.value, settings[name]?.source])
  assert.deepEqual(given, [
    [1, 'flag'],
    [6000, 'environment'],
    [9, 'file'],
  ])
})

test('restart keeps flags and settings file of the instance; new flags win', async (t) => {
  const instance = createInstance(t)
  writeFileSync(instance.path('other.toml'), 'proc = 1\n')
  const pid = await instance.start('--config', 'other.toml', '--set', 'stopTimeout=7s')
  const kept = await instance.run(['restart'], { cwd: '/' })
  assert.equal(kept.code, 0, kept.stderr)
  assert.notEqual(Number(kept.stdout), pid)
  assert.equal((await instance.status()).proc, 1)
  assert.equal((await instance.run(['restart', '--proc=2'])).code, 0)
  assert.equal((await instance.status()).proc, 2)
})

test('--check against a running instance passes and says that it runs', async (t) => {
  const instance = createInstance(t)
  const pid = await instance.start('--proc=1')
  const { code, stdout } = await instance.run(['--check'])
  assert.equal(code, 0, stdout)
  assert.match(stdout, new RegExp(`myd is running \\(pid ${pid}\\)`))
})

test('status: 3 when it does not run, 0 when it does; the table for people', async (t) => {
  const instance = createInstance(t)
  const before = await instance.run(['status'])
  assert.deepEqual([before.code, before.stdout], [3, 'myd is not running\n'])
  await instance.start('--proc=1')
  const during = await instance.run(['status'])
  assert.equal(during.code, 0)
  assert.match(during.stdout, /^myd is running \(pid \d+\).*\n.*1 of 1 workers? ready/)
})
