import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { describeFailure, type Failure } from './failure.ts'

const describe = (error: unknown): Failure => describeFailure(error, 'uncaughtException')

/** What a process of its own is told of the failures of this code; `told` is where they go. */
async function failuresOf(code: string): Promise<Failure[]> {
  const script = `
    import { watchFailures } from ${JSON.stringify(new URL('failure.ts', import.meta.url).href)}
    const told = []
    process.on('exit', () => console.log(JSON.stringify(told)))
    ${code}`
  const options = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', script]
  const { stdout } = await promisify(execFile)(process.execPath, options, { timeout: 10_000 })
  return JSON.parse(stdout)
}

test('what it was, in one line', () => {
  class OutOfPaper extends Error {}
  const rows: [unknown, string][] = [
    [new TypeError('x is not a function'), 'TypeError: x is not a function'],
    [new Error('one\n  two'), 'Error: one two'],
    [new Error(''), 'Error'],
    [new OutOfPaper('tray 2'), 'OutOfPaper: tray 2'],
    ['a text', "'a text' (not an Error)"],
    [undefined, 'undefined (not an Error)'],
    [{ code: 7, deep: { deeper: {} } }, '{ code: 7, deep: { deeper: {} } } (not an Error)'],
    [Object.create(null), '[Object: null prototype] {} (not an Error)'],
  ]
  for (const [error, words] of rows) assert.equal(describe(error).message, `uncaught exception: ${words}`)
  assert.equal(describeFailure(new Error('e'), 'unhandledRejection').message, 'unhandled rejection: Error: e')
})

test('the stack and the source, when it is an error', () => {
  const failure = describe(new Error('here'))
  assert.match(failure.stack ?? '', /^Error: here\n {4}at /)
  assert.match(failure.excerpt ?? '', /failure\.test\.ts:\d+:\d+\n[\s\S]*\n> \d+ \|.*new Error\('here'\)/)
  assert.deepEqual(
    [describe('text').stack, describeFailure(new Error('here'), 'uncaughtException', () => true).excerpt],
    [null, null],
  )
})

test('causes and the errors of an AggregateError, bounded', () => {
  const cause = new Error('the disk is full', { cause: 'no space' })
  const errors = [1, 2, 3, 4, 5].map((number) => new Error(`error ${number}`))
  const stack = describe(new AggregateError(errors, 'all failed', { cause })).stack ?? ''
  assert.match(stack, /^AggregateError: all failed\n/)
  assert.match(stack, /^ {2}cause: Error: the disk is full$/m)
  assert.match(stack, /^ {4}cause: 'no space' \(not an Error\)$/m)
  assert.match(stack, /^ {2}error: Error: error 3$/m)
  assert.doesNotMatch(stack, /error 4/)
  assert.match(stack, /^ {2}and 2 more errors$/m)
})

test('whatever is thrown: bounded, and no second failure', () => {
  const circle = new Error('circle')
  circle.cause = circle
  assert.match(describe(circle).stack ?? '', /shown already/)
  let deep = new Error('deep')
  for (let depth = 0; depth < 1000; depth++) deep = new Error('deep'.repeat(100), { cause: deep })
  const long = new Error('long')
  long.stack = `Error: long\n${'    at nowhere\n'.repeat(100_000)}`
  const odd = Object.defineProperty(new Error('odd'), 'stack', { value: 7 })
  const hostile = Object.defineProperty(new Error('hostile'), 'stack', { get: () => assert.fail('no') })
  const revoked = Proxy.revocable({}, {})
  revoked.revoke()
  for (const error of [
    deep,
    long,
    odd,
    hostile,
    new Error('m'.repeat(1e6)),
    revoked.proxy,
    Symbol('s'),
    null,
    () => {},
  ]) {
    const { message, stack } = describe(error)
    assert.match(message, /^uncaught exception: ./)
    assert.ok(message.length <= 500 && (stack?.length ?? 0) <= 8000)
  }
})

test('the first failure of a process is told, once', async () => {
  const told = await failuresOf(`
    watchFailures({ onFailure: (failure) => {
      told.push(failure)
      Promise.reject(new Error('while it is told'))
      setTimeout(() => {}, 5)
    } })
    setImmediate(() => { throw new RangeError('too far') })
  `)
  assert.deepEqual(
    told.map(({ message }) => message),
    ['uncaught exception: RangeError: too far'],
  )
})

test('rejections: of errors, of anything else; a watch that ended is told nothing', async () => {
  const told = await failuresOf(`
    const reasons = [new Error('gone'), 'a "text"', undefined]
    const rejectNext = () => {
      if (reasons.length === 0) return
      const stop = watchFailures({ onFailure: (failure) => {
        told.push(failure)
        stop()
        rejectNext()
      } })
      Promise.reject(reasons.shift())
    }
    rejectNext()
  `)
  assert.deepEqual(
    told.map(({ message }) => message),
    [
      'unhandled rejection: Error: gone',
      'unhandled rejection: a "text" (not an Error)',
      'unhandled rejection: undefined (not an Error)',
    ],
  )
})

test('a service that listens itself keeps its failures', async () => {
  const told = await failuresOf(`
    watchFailures({ onFailure: () => told.push('ours') })
    const reject = () => Promise.reject(new Error('handled'))
    process.once('unhandledRejection', () => {
      told.push('rejection')
      process.on('uncaughtException', () => told.push('exception'))
      reject()
    })
    reject()
  `)
  assert.deepEqual(told as unknown, ['rejection', 'exception'])
})
