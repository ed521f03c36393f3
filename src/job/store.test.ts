import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { MydError } from '../errors.ts'
import type { Job } from '../service/define-service.ts'
import type { JobConfig } from './job-config.ts'
import { type Asker, type Outcome, STRANGER } from './operation.ts'
import { openStore, type Store } from './store.ts'
import {
  DURATION_LIMIT_MS,
  type InnerOperation,
  type JobStats,
  type JobView,
  type NewJob,
  type Operation,
  type RunReport,
} from './wire.ts'

const CONFIG: JobConfig = {
  attempts: 3,
  retryDelayMs: 1000,
  retryDelayMaxMs: 60_000,
  timeoutMs: 0,
  outputLimitBytes: 100,
  payloadLimitBytes: 1000,
  types: { resize: { command: ['convert'], attempts: 5, timeoutMs: 30_000, retryDelayMs: 10, priority: 7 } },
}

let directory: string
let path: string
let store: Store
let now: number

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'job-store-'))
  path = join(directory, 'jobs.db')
  store = openStore(path, CONFIG, () => 0.5)
  now = 1_000_000
})

afterEach(() => {
  store.close()
  rmSync(directory, { recursive: true })
})

function run(operation: Operation | InnerOperation, asker: Asker = STRANGER): Outcome {
  const outcome = store.transact([{ operation, asker }], () => [], now).outcomes[0]
  assert.ok(outcome)
  return outcome
}

function answerTo<T>(operation: Operation | InnerOperation, asker: Asker = STRANGER): T {
  const outcome = run(operation, asker)
  assert.equal(outcome.kind, 'answer', JSON.stringify(outcome))
  return (outcome as unknown as { body: T }).body
}

function errorOf(operation: Operation): string {
  const outcome = run(operation)
  assert.equal(outcome.kind, 'error')
  return (outcome as { error: { code: string } }).error.code
}

const add = (...jobs: NewJob[]): readonly number[] => answerTo<{ ids: number[] }>({ op: 'add', jobs }).ids
const worker = (name: string, share = 100): Asker => ({
  worker: name,
  types: new Set(['noop', 'command', 'resize']),
  share,
})
const attach = (name: string, held: Job[] = []) => {
  const leases = held.map((job) => ({ job: job.id, attempt: job.attempt }))
  return answerTo<{ drop: number[]; cancel: number[] }>({
    op: 'attach',
    worker: name,
    types: ['noop', 'command', 'resize'],
    held: leases,
  })
}
const take = (name: string, n = 1): Job[] => {
  const outcome = run({ op: 'take', n }, worker(name))
  return outcome.kind === 'answer' ? (outcome.body as { jobs: Job[] }).jobs : []
}
const report = (job: Job, outcome: RunReport['outcome'], more: Partial<RunReport> = {}): RunReport => ({
  ...{ job: job.id, attempt: job.attempt, outcome, durationMs: 5, exitCode: null, signal: null },
  ...{ reason: '', output: '' },
  ...more,
})
const finish = (name: string, ...reports: RunReport[]): number[] =>
  answerTo<{ recorded: number[] }>({ op: 'finish', reports }, worker(name)).recorded
const show = (id: number): JobView => answerTo<{ job: JobView }>({ op: 'show', job: id }).job
const stats = (): JobStats => answerTo<JobStats>({ op: 'stats' })

/** The table of counts against the jobs themselves. */
function checkCounts(): void {
  const database = new DatabaseSync(path)
  const counted = database
    .prepare('SELECT type, state, count(*) AS n FROM jobs GROUP BY type, state ORDER BY type, state')
    .all()
  const kept = database.prepare('SELECT type, state, n FROM counts WHERE n <> 0 ORDER BY type, state').all()
  database.close()
  assert.deepEqual(kept, counted)
}

describe('adding', () => {
  test('a job gets what was not said from its type, else from the settings', () => {
    const [first = 0, second = 0] = add({ type: 'noop' }, { type: 'resize', payload: 'x' })
    assert.deepEqual(
      [show(first), show(second)].map(({ attempts, priority, timeoutMs, state }) => [
        attempts,
        priority,
        timeoutMs,
        state,
      ]),
      [
        [3, 0, 0, 'ready'],
        [5, 7, 30_000, 'ready'],
      ],
    )
  })

  test('a key names one unfinished job', () => {
    const [first = 0] = add({ type: 'noop', key: 'k' })
    assert.deepEqual(add({ type: 'noop', key: 'k' }, { type: 'noop', key: 'k' }), [first, first])
    const [job] = take('w')
    assert.ok(job)
    assert.deepEqual(add({ type: 'noop', key: 'k' }), [first])
    finish('w', report(job, 'succeeded'))
    assert.notDeepEqual(add({ type: 'noop', key: 'k' }), [first])
  })

  test('the same token adds once', () => {
    const operation: Operation = { op: 'add', jobs: [{ type: 'noop' }], token: 'a' }
    assert.deepEqual(answerTo(operation), answerTo(operation))
    assert.equal(stats().states.ready, 1)
  })

  test('a token is forgotten when nobody asks with it any more', () => {
    const countReceipts = (): unknown => {
      const database = new DatabaseSync(path)
      const row = database.prepare('SELECT count(*) AS n FROM receipts').get()
      database.close()
      return row?.n
    }
    for (const token of ['a', 'b']) answerTo({ op: 'add', jobs: [{ type: 'noop' }], token })
    assert.equal(countReceipts(), 2)
    now += 3_600_000
    answerTo({ op: 'add', jobs: [{ type: 'noop' }], token: 'c' })
    assert.equal(countReceipts(), 1)
  })

  test('a type that no worker runs any more is refused once the last that ran it is gone', () => {
    const attachAs = (name: string, types: string[]) => answerTo({ op: 'attach', worker: name, types, held: [] })
    const gone = (name: string) => answerTo({ op: 'gone', gone: { worker: name, charged: [] } })
    attachAs('old', ['noop', 'shrink'])
    attachAs('new', ['noop'])
    add({ type: 'shrink' })
    gone('old')
    assert.equal(errorOf({ op: 'add', jobs: [{ type: 'shrink' }] }), 'unknown-type')
    gone('new')
    assert.equal(errorOf({ op: 'add', jobs: [{ type: 'shrink' }] }), 'unknown-type', 'with no worker: as it was last')
    store.close()
    store = openStore(path, CONFIG)
    assert.equal(errorOf({ op: 'add', jobs: [{ type: 'shrink' }] }), 'unknown-type')
    attachAs('next', ['grow'])
    add({ type: 'grow' })
    store.close()
    store = openStore(path, CONFIG)
    attachAs('last', ['noop'])
    assert.equal(
      errorOf({ op: 'add', jobs: [{ type: 'grow' }] }),
      'unknown-type',
      'nobody says to run it since the start',
    )
  })

  test('one wrong job refuses all of the request', () => {
    assert.equal(errorOf({ op: 'add', jobs: [{ type: 'noop' }, { type: 'command' }] }), 'bad-request')
    assert.equal(errorOf({ op: 'add', jobs: [{ type: 'noop', payload: 'x'.repeat(1001) }] }), 'bad-request')
    assert.equal(errorOf({ op: 'add', jobs: [{ type: 'noop', command: ['ls'] }] }), 'bad-request')
    assert.equal(stats().states.ready, 0)
  })

  test('any type is accepted until a worker has told what it runs', () => {
    add({ type: 'later' })
    attach('w')
    assert.equal(errorOf({ op: 'add', jobs: [{ type: 'later' }] }), 'unknown-type')
    add({ type: 'noop' }, { type: 'resize' })
  })
})

describe('taking', () => {
  test('the highest priority first, then the oldest, over all types', () => {
    const ids = add({ type: 'noop' }, { type: 'command', command: ['a'], priority: 9 }, { type: 'noop', priority: 9 })
    const [first, second, third] = ids
    assert.deepEqual(
      take('w', 10).map((job) => job.id),
      [second, third, first],
    )
  })

  test('only of the types that the worker runs', () => {
    add({ type: 'other' })
    assert.deepEqual(take('w'), [])
  })

  test('what is long is not taken many at once', () => {
    store.configure({ ...CONFIG, payloadLimitBytes: 10_000_000 })
    add(...Array.from({ length: 8 }, () => ({ type: 'noop', payload: 'x'.repeat(400_000) })))
    assert.equal(take('w', 8).length, 3)
  })

  test('a delayed job is due at its time, and the store says when', () => {
    const [id] = add({ type: 'noop', delayMs: 5000 })
    assert.equal(store.nextDueAt(), now + 5000)
    now += 4999
    assert.deepEqual(take('w'), [])
    now += 1
    assert.deepEqual(
      take('w').map((job) => job.id),
      [id],
    )
    assert.equal(store.nextDueAt(), null)
  })
})

describe('finishing', () => {
  test('a success is recorded once, and only of the holder', () => {
    add({ type: 'noop' })
    const [job] = take('a')
    assert.ok(job)
    assert.deepEqual(finish('b', report(job, 'succeeded')), [])
    assert.deepEqual(finish('a', report({ ...job, attempt: 2 }, 'succeeded')), [])
    assert.deepEqual(finish('a', report(job, 'succeeded')), [job.id])
    assert.deepEqual(finish('a', report(job, 'failed')), [])
    assert.equal(show(job.id).state, 'done')
  })

  test('a failure is tried again later, then buried; how it ended is kept', () => {
    const [id = 0] = add({ type: 'noop', attempts: 2 })
    const [first] = take('w')
    assert.ok(first)
    finish('w', report(first, 'failed', { exitCode: 3, reason: 'exit 3', output: 'x'.repeat(200) }))
    assert.equal(show(id).state, 'delayed')
    assert.equal(show(id).dueAt, now + 1000)
    assert.equal(show(id).output.length, 100)
    now += 1000
    const [second] = take('w')
    assert.equal(second?.attempt, 2)
    finish('w', report(second, 'failed', { signal: 'SIGKILL', reason: 'SIGKILL' }))
    const { state, failures, signal, exitCode, finishedAt } = show(id)
    assert.deepEqual(
      { state, failures, signal, exitCode, finishedAt },
      {
        ...{ state: 'buried', failures: 2, signal: 'SIGKILL', exitCode: null, finishedAt: now },
      },
    )
  })

  test('what is given back unstarted was no attempt', () => {
    add({ type: 'noop' })
    const [job] = take('w')
    assert.ok(job)
    answerTo({ op: 'release', leases: [{ job: job.id, attempt: 1 }] }, worker('w'))
    assert.equal(take('w')[0]?.attempt, 1)
  })
})

describe('workers', () => {
  test('an attach takes back what the worker does not name', () => {
    add({ type: 'noop' }, { type: 'noop' })
    const [first, second] = take('w', 2)
    assert.ok(first && second)
    assert.deepEqual(attach('w', [second]), { drop: [], cancel: [] })
    assert.equal(show(first.id).state, 'ready')
    assert.equal(show(second.id).state, 'reserved')
  })

  test('an attach tells which jobs are not the worker’s any more', () => {
    add({ type: 'noop' })
    const [job] = take('w')
    assert.ok(job)
    answerTo({ op: 'gone', gone: { worker: 'w', charged: [] } })
    assert.deepEqual(attach('w', [job]), { drop: [job.id], cancel: [] })
  })

  test('a worker that is gone gives back its jobs; the second charged death buries', () => {
    const [id = 0, other = 0] = add({ type: 'noop' }, { type: 'noop' })
    for (const [name, state] of [
      ['a', 'ready'],
      ['b', 'buried'],
    ] as const) {
      take(name, 2)
      answerTo({ op: 'gone', gone: { worker: name, charged: [id] } })
      assert.equal(show(id).state, state)
      assert.equal(show(other).state, 'ready')
    }
    assert.deepEqual([show(id).deaths, show(other).deaths], [2, 0])
    assert.match(show(id).reason, /worker b died/)
  })

  test('a store that starts takes back the leases of all but the holders', () => {
    const [first = 0, second = 0] = add({ type: 'noop' }, { type: 'noop' })
    take('a')
    take('b')
    store.close()
    store = openStore(path, CONFIG)
    store.recover(['b'])
    assert.deepEqual([show(first).state, show(second).state], ['ready', 'reserved'])
  })
})

describe('changing', () => {
  test('a reserved job is cancelled when its run has ended', () => {
    const [id = 0] = add({ type: 'noop' })
    const [job] = take('w')
    assert.ok(job)
    const turn = store.transact([{ operation: { op: 'cancel', jobs: [id] }, asker: STRANGER }], () => [], now)
    assert.deepEqual(turn.cancelled, [{ worker: 'w', job: id }])
    assert.deepEqual(attach('w', [job]).cancel, [id])
    finish('w', report(job, 'failed'))
    assert.equal(show(id).state, 'cancelled')
  })

  test('each id has its own answer', () => {
    const [id = 0] = add({ type: 'noop' })
    const { jobs } = answerTo<{ jobs: object[] }>({ op: 'cancel', jobs: [id, id, 999] })
    assert.deepEqual(jobs, [
      { id, state: 'cancelled', error: null },
      { id, state: null, error: `job ${id} is cancelled` },
      { id: 999, state: null, error: 'there is no job 999' },
    ])
  })

  test('a retry is refused while another unfinished job has the key', () => {
    const [id = 0] = add({ type: 'noop', key: 'k' })
    answerTo({ op: 'cancel', jobs: [id] })
    add({ type: 'noop', key: 'k' })
    const { jobs } = answerTo<{ jobs: { error: string }[] }>({ op: 'retry', jobs: [id] })
    assert.match(jobs[0]?.error ?? '', /key k/)
  })

  test('every buried job is made ready', () => {
    add({ type: 'noop', attempts: 1 }, { type: 'noop', attempts: 1 })
    finish('w', ...take('w', 2).map((job) => report(job, 'failed')))
    assert.equal(answerTo<{ count: number }>({ op: 'retryBuried' }).count, 2)
    assert.equal(stats().states.ready, 2)
  })
})

describe('waiting and looking', () => {
  test('a list is the newest first, filtered, in pages', () => {
    const ids = add(...Array.from({ length: 5 }, (_, index) => ({ type: index % 2 === 0 ? 'noop' : 'resize' })))
    const list = (filter: object): number[] =>
      answerTo<{ jobs: JobView[] }>({ op: 'list', filter: { limit: 10, ...filter } }).jobs.map((job) => job.id)
    assert.deepEqual(list({}), [...ids].reverse())
    assert.deepEqual(list({ type: 'resize' }), [ids[3], ids[1]])
    assert.deepEqual(list({ limit: 2, before: ids[3] }), [ids[2], ids[1]])
    assert.deepEqual(list({ state: 'done' }), [])
  })

  test('wait says what is unfinished, then how it ended', () => {
    const [id = 0] = add({ type: 'noop' })
    assert.deepEqual(run({ op: 'wait', jobs: [id] }), { kind: 'parked', unfinished: [id] })
    finish('w', ...take('w').map((job) => report(job, 'succeeded')))
    assert.equal(answerTo<{ jobs: JobView[] }>({ op: 'wait', jobs: [id] }).jobs[0]?.state, 'done')
    assert.equal(errorOf({ op: 'wait', jobs: [999] }), 'not-found')
  })

  test('all is done when only jobs delayed by their author are left', () => {
    add({ type: 'noop', delayMs: 5000 }, { type: 'noop' })
    assert.equal(run({ op: 'waitAll' }).kind, 'parked')
    const [job] = take('w')
    assert.ok(job)
    finish('w', report(job, 'failed'))
    assert.equal(run({ op: 'waitAll' }).kind, 'parked', 'a retry is waited for')
    now += 1000
    finish('w', ...take('w').map((again) => report(again, 'succeeded')))
    assert.equal(run({ op: 'waitAll' }).kind, 'answer')
  })
})

describe('the file', () => {
  test('counts agree with the jobs after a random walk', () => {
    let seed = 42
    const random = (n: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
      return Math.floor((seed / 2 ** 31) * n)
    }
    for (let step = 0; step < 300; step++) {
      const name = `w${random(3)}`
      now += 300
      if (random(3) === 0) add({ type: 'noop', delayMs: random(2) * 500 }, { type: 'resize', attempts: 1 })
      const jobs = take(name, 1 + random(3))
      const outcomes = ['succeeded', 'failed', 'interrupted'] as const
      if (random(4) > 0) finish(name, ...jobs.map((job) => report(job, outcomes[random(3)] ?? 'failed')))
      else if (random(2) === 0) answerTo({ op: 'gone', gone: { worker: name, charged: jobs.map((job) => job.id) } })
      if (random(5) === 0) answerTo({ op: 'cancel', jobs: [1 + random(50)] })
      if (random(5) === 0) answerTo({ op: 'retry', jobs: [1 + random(50)] })
    }
    checkCounts()
  })

  test('a transaction that fails leaves nothing, and reading goes on', () => {
    add({ type: 'noop' })
    const other = new DatabaseSync(path)
    other.exec('CREATE TRIGGER refuse BEFORE INSERT ON jobs BEGIN SELECT raise(ABORT, "no"); END')
    const operations: Operation[] = [
      { op: 'cancel', jobs: [1] },
      { op: 'add', jobs: [{ type: 'noop' }] },
      { op: 'show', job: 1 },
    ]
    const turn = store.transact(
      operations.map((operation) => ({ operation, asker: STRANGER })),
      () => [],
      now,
    )
    other.exec('DROP TRIGGER refuse')
    other.close()
    assert.deepEqual(
      turn.outcomes.map((outcome) => outcome.kind),
      ['error', 'error', 'answer'],
    )
    assert.match(turn.storageError ?? '', /no/)
    assert.equal(show(1).state, 'ready')
    assert.equal(stats().states.ready, 1)
    checkCounts()
  })

  test('a number that no JavaScript number holds neither ends the store nor hides the other jobs', () => {
    const [bad = 0, good = 0] = add({ type: 'noop', delayMs: 1000 }, { type: 'noop', delayMs: 2000 })
    const other = new DatabaseSync(path)
    other
      .prepare('UPDATE jobs SET due_at = 9223372036854775807, timeout_ms = -9223372036854775808 WHERE id = ?')
      .run(bad)
    other.close()
    store.close()
    store = openStore(path, CONFIG)
    assert.equal(store.nextDueAt(), now + 2000)
    assert.equal(answerTo<{ jobs: JobView[] }>({ op: 'list', filter: { limit: 10 } }).jobs.length, 2)
    assert.deepEqual(answerTo({ op: 'cancel', jobs: [good] }), {
      jobs: [{ id: good, state: 'cancelled', error: null }],
    })
    assert.ok(Number.isSafeInteger(store.nextDueAt()))
    assert.ok(Number.isFinite(new Date(show(bad).dueAt).getTime()), 'it can be shown')
    answerTo({ op: 'retry', jobs: [bad] })
    const [job] = take('w')
    assert.equal(job?.id, bad)
    finish('w', report(job, 'succeeded'))
    assert.equal(show(bad).state, 'done')
  })

  test('a retry is never later than can be written down', () => {
    store.configure({ ...CONFIG, retryDelayMs: Number.MAX_SAFE_INTEGER, retryDelayMaxMs: Number.MAX_SAFE_INTEGER })
    const [id = 0] = add({ type: 'noop' })
    finish('w', ...take('w').map((job) => report(job, 'failed')))
    assert.ok(show(id).dueAt <= now + DURATION_LIMIT_MS)
  })

  const failsWith = (pattern: RegExp, file: string): void => {
    assert.throws(
      () => openStore(file, CONFIG),
      (error) => error instanceof MydError && pattern.test(error.message) && error.message.includes(file),
    )
  }

  test('garbage is told as a damaged database and left alone', () => {
    const file = join(directory, 'garbage.db')
    writeFileSync(file, 'this is no database, whatever its name says'.repeat(100))
    failsWith(/damaged/, file)
  })

  test('a newer format and another program’s database are refused', () => {
    const foreign = new DatabaseSync(join(directory, 'foreign.db'))
    foreign.exec('CREATE TABLE t (a)')
    foreign.close()
    failsWith(/another program/, join(directory, 'foreign.db'))
    const newer = new DatabaseSync(path)
    newer.exec('PRAGMA user_version = 99')
    newer.close()
    failsWith(/format 99/, path)
  })
})
