import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRequest, readRequestId } from './parse-request.ts'
import { DURATION_LIMIT_MS, Refusal, type RunReport } from './wire.ts'

const refuses = (fields: Record<string, unknown>, pattern: RegExp): void => {
  assert.throws(
    () => parseRequest(fields),
    (error) => error instanceof Refusal && error.wire.code === 'bad-request' && pattern.test(error.message),
    JSON.stringify(fields),
  )
}

test('a request is read with its id; unknown fields are passed over', () => {
  assert.deepEqual(parseRequest({ id: 7, op: 'take', n: 3, colour: 'red' }), {
    id: 7,
    operation: { op: 'take', n: 3 },
  })
  assert.deepEqual(parseRequest({ op: 'add', jobs: [{ type: 'noop', priority: -1 }] }).operation, {
    op: 'add',
    jobs: [{ type: 'noop', priority: -1 }],
  })
})

test('the id of a wrong request is found', () => {
  assert.equal(readRequestId({ id: 'a' }), 'a')
  assert.equal(readRequestId({ id: {} }), null)
  assert.equal(readRequestId(null), null)
})

test('what is wrong is refused, and named', () => {
  refuses({}, /^op is missing; known: add,/)
  refuses({ op: 'constructor' }, /op is "constructor"/)
  refuses({ op: '__proto__' }, /op is/)
  refuses({ op: 'add' }, /jobs is missing/)
  refuses({ op: 'add', jobs: [7] }, /a job is 7/)
  refuses({ op: 'add', jobs: [{ type: 7 }] }, /type is 7/)
  refuses({ op: 'add', jobs: [{ type: 'noop', command: 'ls' }] }, /command is "ls"/)
  refuses({ op: 'add', jobs: [{ type: 'noop', delayMs: -1 }] }, /delayMs is -1/)
  refuses({ op: 'add', jobs: [{ type: 'noop', delayMs: Number.MAX_SAFE_INTEGER }] }, /delayMs is 9007199254740991/)
  refuses({ op: 'add', jobs: [{ type: 'noop', timeoutMs: DURATION_LIMIT_MS + 1 }] }, /timeoutMs is 315360000001/)
  refuses({ op: 'add', jobs: [{ type: 'noop', umask: 0o1000 }] }, /umask is 512/)
  refuses({ op: 'add', jobs: [{ type: 'noop', attempts: 0 }] }, /attempts is 0/)
  refuses({ op: 'take', n: 0 }, /n is 0, not from 1/)
  refuses({ op: 'take', n: 1e300 }, /n is 1e\+300/)
  refuses({ op: 'show', job: '7' }, /job is "7"/)
  refuses({ op: 'list' }, /filter is missing/)
  refuses({ op: 'list', filter: { limit: 1, state: 'toString' } }, /state is "toString"/)
  refuses({ op: 'finish', reports: [{ job: 1, attempt: 1, outcome: 'won' }] }, /outcome is "won"/)
  refuses({ op: 'wait', jobs: Array.from({ length: 10_001 }, () => 1) }, /over the limit of 10000/)
})

test('a duration of a run is made to fit, whatever a client says', () => {
  const durationOf = (durationMs: unknown): number => {
    const { operation } = parseRequest({
      op: 'finish',
      reports: [{ job: 1, attempt: 1, outcome: 'failed', durationMs }],
    })
    return (operation as unknown as { reports: RunReport[] }).reports[0]?.durationMs ?? Number.NaN
  }
  const said = [12.6, '7', -5, undefined, 'soon', Number.POSITIVE_INFINITY, 1e300]
  assert.deepEqual(said.map(durationOf), [13, 7, 0, 0, 0, DURATION_LIMIT_MS, DURATION_LIMIT_MS])
})
