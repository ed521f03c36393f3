import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunReport } from '../job/wire.ts'
import { ReportOutbox } from './report-outbox.ts'

const report = (job: number, output = ''): RunReport => ({
  ...{ job, attempt: 1, outcome: 'succeeded', exitCode: 0, signal: null, durationMs: 1, reason: '', output },
})

test('a report is sent once, and again when it may be lost, until it is acknowledged', () => {
  const outbox = new ReportOutbox()
  const [first, second] = [report(1), report(2)]
  outbox.add(first)
  outbox.add(second)
  assert.deepEqual(outbox.takeUnsent(), [[first, second]])
  assert.deepEqual(outbox.takeUnsent(), [])
  outbox.acknowledge([first])
  outbox.repeat()
  assert.deepEqual(outbox.leases(), [{ job: 2, attempt: 1 }])
  assert.deepEqual(outbox.takeUnsent(), [[second]])
  outbox.acknowledge([second])
  assert.equal(outbox.isEmpty(), true)
})

test('a message never gets too long for the store', () => {
  const outbox = new ReportOutbox()
  const sizes = [1000, 120_000, 20_000, 200_000, 10]
  for (const [index, size] of sizes.entries()) outbox.add(report(index, 'x'.repeat(size)))
  assert.deepEqual(
    outbox.takeUnsent().map((batch) => batch.map(({ job }) => job)),
    [[0, 1], [2], [3], [4]],
  )
})
