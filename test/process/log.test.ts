/** The log: what children print, line by line and harmless; reopened on USR1. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, renameSync } from 'node:fs'
import { test } from 'node:test'
import { createInstance, type Instance } from '../support/instance.ts'
import { signal } from '../support/processes.ts'
import { waitFor } from '../support/wait-for.ts'

function linesWith(instance: Instance, text: string): string[] {
  return instance
    .log()
    .split('\n')
    .filter((line) => line.includes(text))
}

const LINE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (debug|info|warning|error) [a-z.-]+: ./

test('USR1 after a rename: the new file gets the lines, the old one none', async (t) => {
  const instance = createInstance(t)
  const pid = await instance.start('--proc=1')
  renameSync(instance.path('myd.log'), instance.path('myd.log.1'))
  signal(pid, 'SIGUSR1')
  await waitFor('a new log', () => existsSync(instance.path('myd.log')))
  await instance.logged(/log\.reopened/)
  const before = readFileSync(instance.path('myd.log.1'), 'utf8')
  assert.match(before, /daemon\.ready/)
  await instance.stop()
  assert.match(instance.log(), /daemon\.stopped/)
  assert.equal(readFileSync(instance.path('myd.log.1'), 'utf8'), before)
})

test('what a service prints comes line by line, with its worker and stream', async (t) => {
  const instance = createInstance(t)
  instance.serve(`start({ log }) {
    process.stdout.write('one\\ntwo\\nth')
    setTimeout(() => process.stdout.write('ree\\n'), 50)
    console.error('to stderr')
    log.info('said', { answer: 42, words: 'a "b"' })
  }`)
  await instance.start('--proc=1')
  await instance.logged(/three/)
  for (const pattern of [
    / info child\.output: worker 0 \(pid \d+\) stdout: one$/m,
    / stdout: two$/m,
    / stdout: three$/m,
    / stderr: to stderr$/m,
    / info child\.log: worker 0 \(pid \d+\): said answer=42 words="a \\"b\\""$/m,
  ]) {
    assert.match(await instance.logged(pattern), pattern)
  }
  for (const line of instance.log().split('\n').slice(0, -1)) assert.match(line, LINE)
})

test('a line of a megabyte is cut, and what comes after it is not lost', async (t) => {
  const instance = createInstance(t)
  instance.serve(`start() { console.log('x'.repeat(1024 * 1024)); console.log('after it') }`)
  await instance.start('--proc=1')
  await instance.logged(/stdout: after it/)
  assert.equal(linesWith(instance, '(cut, the line has 1048576 bytes)').length, 1)
  const longest = Math.max(
    ...instance
      .log()
      .split('\n')
      .map((line) => line.length),
  )
  assert.ok(longest < 10_000, `a line of ${longest} bytes`)
})

test('control characters are written out: nobody forges a line or drives a terminal', async (t) => {
  const instance = createInstance(t)
  instance.serve(`start({ log }) {
    process.stdout.write('red \\u001b[31m bell \\u0007 return \\r nul \\0 c1 \\u009b\\n')
    log.info('first\\n2026-01-01T00:00:00.000Z error forged: line')
  }`)
  await instance.start('--proc=1')
  await instance.logged(/forged/)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  assert.doesNotMatch(instance.log(), /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/)
  assert.ok(instance.log().includes('red \\x1b[31m bell \\x07 return \\x0d nul \\x00 c1 \\x9b'), instance.log())
  assert.equal(linesWith(instance, 'forged').length, 1)
  assert.ok(linesWith(instance, 'forged')[0]!.includes('first\\n2026'))
})

test('a service that prints without end neither blocks nor is lost', async (t) => {
  const instance = createInstance(t)
  instance.serve(`start() { for (let i = 0; i < 5000; i++) console.log('line ' + i) }`)
  await instance.start('--proc=1')
  await instance.logged(/stdout: line 4999$/m)
  assert.equal(linesWith(instance, 'stdout: line ').length, 5000)
})

test('last words without a line end, of a worker that crashes or stops, are in the log', async (t) => {
  const instance = createInstance(t)
  instance.serve(`start({ slot }) {
    if (slot === 1) setTimeout(() => { process.stderr.write('crash: out of film'); process.exit(1) }, 50)
    return { stop() { process.stdout.write('goodbye') } }
  }`)
  await instance.start('--proc=2')
  await instance.logged(/stderr: crash: out of film$/m)
  await instance.stop()
  assert.match(instance.log(), /stdout: goodbye$/m)
  assert.match(instance.log(), /daemon\.stopped: .*\n$/, 'it ended by a bug')
})
