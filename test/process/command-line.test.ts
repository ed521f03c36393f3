/** What is typed wrong is told with the nearest right word, exit 64; nothing is started. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { cleanEnvironment } from '../support/clean-environment.ts'
import { createInstance, type Ended } from '../support/instance.ts'
import { theProgram } from '../support/program.ts'

/** Wrong words → what stderr must say. */
const WRONG: readonly [readonly string[], RegExp][] = [
  [['--daemon', '--proc=0'], /proc.*1.*1024/s],
  [['--daemon', '--proc=9999'], /proc.*1.*1024/s],
  [['--daemon', '--proc=abc'], /proc/],
  [['--daemon', '--proc=-1'], /proc/],
  [['--daemon', '--proc=1e3'], /proc/],
  [['--daemon', '--proc=0x10'], /proc/],
  [['--daemon', '--proc=007'], /proc is "007"/],
  [['--daemon', '--proc'], /--proc needs a value/],
  [['--daemon', '--proc=1', '--proc=2'], /--proc is given twice/],
  [['–proc=8'], /long dash.*--proc=8/s],
  [['--daemon', '—quiet'], /long dash.*--quiet/s],
  [['--deamon'], /unknown flag --deamon\n.*--daemon/],
  [['-d'], /unknown flag -d\n/],
  [['--daemon=yes'], /--daemon takes no value/],
  [['sttop'], /unknown verb sttop\n.*stop/],
  [['daemon'], /unknown verb daemon\n.*--daemon/],
  [['--set', 'proc', '--daemon'], /--set proc has no value/],
  [['--daemon', '--set', 'porc=2'], /porc.*proc/s],
  [['--daemon', '--set', 'stopTimeout=5'], /stopTimeout/],
  [['--json'], /nothing says what to do/],
  [['upgrade'], /upgrade is not in this version/],
  [['logs'], /logs is not in this version/],
  [['emit', 'systemd'], /emit is not in this version/],
  [['--daemon', '--ready-fd', '3'], /--ready-fd is not in this version/],
]

function assertUsage(result: Ended, message: RegExp): void {
  assert.deepEqual([result.code, result.stdout], [64, ''], result.stderr)
  assert.match(result.stderr, message)
  assert.doesNotMatch(result.stderr, /^ +at /m, 'it shows a stack')
}

for (const [args, message] of WRONG) {
  test(`${args.join(' ')}: 64`, async (t) => {
    const instance = createInstance(t)
    assertUsage(await instance.run(args), message)
    instance.assertGone()
  })
}

test('no arguments: the usage, name and version first', (t) => {
  const { file, args } = theProgram()
  const { home } = createInstance(t)
  const result = spawnSync(file, args, { env: cleanEnvironment(home), encoding: 'utf8' })
  assert.deepEqual([result.status, result.stderr], [0, ''])
  assert.match(result.stdout, /^myd version \d+\.\d+\.\d+\n/)
  for (const flag of ['--daemon', '--proc', '--check', '--settings']) assert.ok(result.stdout.includes(flag), flag)
})
