import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JOB_STATES, type JobEvent, type JobProgress, type JobState, transition } from './job.ts'

const EVENTS = {
  due: { type: 'due' },
  taken: { type: 'taken' },
  released: { type: 'released' },
  interrupted: { type: 'interrupted' },
  succeeded: { type: 'succeeded' },
  failed: { type: 'failed' },
  lost: { type: 'lost', charged: false },
  charged: { type: 'lost', charged: true },
  cancelled: { type: 'cancelled' },
  retried: { type: 'retried' },
} as const satisfies Record<string, JobEvent>

const IGNORED = null

/** Of a job in its first run, three attempts allowed, no failure and no death so far: every state × event. */
const TABLE: Record<JobState, Record<keyof typeof EVENTS, Partial<JobProgress> | null>> = {
  delayed: {
    due: { state: 'ready' },
    taken: IGNORED,
    released: IGNORED,
    interrupted: IGNORED,
    succeeded: IGNORED,
    failed: IGNORED,
    lost: IGNORED,
    charged: IGNORED,
    cancelled: { state: 'cancelled' },
    retried: { state: 'ready' },
  },
  ready: {
    due: IGNORED,
    taken: { state: 'reserved', attempt: 2 },
    released: IGNORED,
    interrupted: IGNORED,
    succeeded: IGNORED,
    failed: IGNORED,
    lost: IGNORED,
    charged: IGNORED,
    cancelled: { state: 'cancelled' },
    retried: IGNORED,
  },
  reserved: {
    due: IGNORED,
    taken: IGNORED,
    released: { state: 'ready', attempt: 0 },
    interrupted: { state: 'ready' },
    succeeded: { state: 'done' },
    failed: { state: 'delayed', failures: 1 },
    lost: { state: 'ready' },
    charged: { state: 'ready', deaths: 1 },
    cancelled: { state: 'cancelling' },
    retried: IGNORED,
  },
  cancelling: {
    due: IGNORED,
    taken: IGNORED,
    released: { state: 'cancelled', attempt: 0 },
    interrupted: { state: 'cancelled' },
    succeeded: { state: 'done' },
    failed: { state: 'cancelled', failures: 1 },
    lost: { state: 'cancelled' },
    charged: { state: 'cancelled', deaths: 1 },
    cancelled: IGNORED,
    retried: IGNORED,
  },
  done: {
    due: IGNORED,
    taken: IGNORED,
    released: IGNORED,
    interrupted: IGNORED,
    succeeded: IGNORED,
    failed: IGNORED,
    lost: IGNORED,
    charged: IGNORED,
    cancelled: IGNORED,
    retried: IGNORED,
  },
  buried: {
    due: IGNORED,
    taken: IGNORED,
    released: IGNORED,
    interrupted: IGNORED,
    succeeded: IGNORED,
    failed: IGNORED,
    lost: IGNORED,
    charged: IGNORED,
    cancelled: IGNORED,
    retried: { state: 'ready' },
  },
  cancelled: {
    due: IGNORED,
    taken: IGNORED,
    released: IGNORED,
    interrupted: IGNORED,
    succeeded: IGNORED,
    failed: IGNORED,
    lost: IGNORED,
    charged: IGNORED,
    cancelled: IGNORED,
    retried: { state: 'ready' },
  },
}

for (const state of JOB_STATES) {
  test(`a ${state} job answers every event`, () => {
    for (const [name, event] of Object.entries(EVENTS)) {
      const job: JobProgress = { state, attempt: 1, attempts: 3, failures: 0, deaths: 0 }
      const expected = TABLE[state][name as keyof typeof EVENTS]
      assert.deepEqual(transition(job, event), expected === null ? null : { ...job, ...expected }, name)
    }
  })
}

test('the last attempt that fails buries the job', () => {
  const job: JobProgress = { state: 'reserved', attempt: 3, attempts: 3, failures: 2, deaths: 0 }
  assert.deepEqual(transition(job, EVENTS.failed), { ...job, state: 'buried', failures: 3 })
})

test('a job with one attempt is buried by its first failure, but not by one death', () => {
  const job: JobProgress = { state: 'reserved', attempt: 1, attempts: 1, failures: 0, deaths: 0 }
  assert.equal(transition(job, EVENTS.failed)?.state, 'buried')
  assert.equal(transition(job, EVENTS.charged)?.state, 'ready')
})

test('the second charged death buries; any number of uncharged ones does not', () => {
  const job: JobProgress = { state: 'reserved', attempt: 9, attempts: 3, failures: 0, deaths: 1 }
  assert.deepEqual(transition(job, EVENTS.charged), { ...job, state: 'buried', deaths: 2 })
  assert.deepEqual(transition(job, EVENTS.lost), { ...job, state: 'ready' })
})

test('a retried job starts with a clean slate; its attempts go on being numbered', () => {
  const job: JobProgress = { state: 'buried', attempt: 5, attempts: 3, failures: 3, deaths: 1 }
  assert.deepEqual(transition(job, EVENTS.retried), { ...job, state: 'ready', failures: 0, deaths: 0 })
})
