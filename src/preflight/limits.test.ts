import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assessSpace, toSpace } from './disk.ts'
import { assessGroupProcesses, assessOpenFiles, assessProcesses, parseLimit } from './limits.ts'
import { assessMemory, parseMemoryInfo } from './memory.ts'

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max processes             96365                96365                processes
Max open files            1024                 524288               files
Max address space         unlimited            unlimited            bytes
`
const MIB = 2 ** 20

test('soft limits are read', () => {
  assert.equal(parseLimit(LIMITS, 'Max open files'), 1024)
  assert.equal(parseLimit(LIMITS, 'Max processes'), 96365)
  assert.equal(parseLimit(LIMITS, 'Max address space'), Number.POSITIVE_INFINITY)
  assert.equal(parseLimit(LIMITS, 'Max nonsense'), Number.POSITIVE_INFINITY)
})

test('open files against the number of processes', () => {
  assert.equal(assessOpenFiles(1024, 10).level, 'ok')
  assert.equal(assessOpenFiles(1023, 10).level, 'warning')
  assert.equal(assessOpenFiles(100, 10).level, 'failure')
  assert.equal(assessOpenFiles(1024, 500).level, 'failure')
})

test('processes of the user; root is not bound', () => {
  assert.equal(assessProcesses(1000, 10, 1000).level, 'ok')
  assert.equal(assessProcesses(100, 10, 1000).level, 'failure')
  assert.equal(assessProcesses(100, 10, 0).level, 'ok')
  assert.equal(assessProcesses(Number.POSITIVE_INFINITY, 10, 1000).message, 'processes of this user: unlimited')
})

test('processes of the control group, root too', () => {
  assert.equal(assessGroupProcesses(null, 10).level, 'ok')
  assert.equal(assessGroupProcesses(140, 10).level, 'ok')
  assert.equal(assessGroupProcesses(139, 10).level, 'failure')
})

test('memory: 16 MiB a process are needed, 40 are comfortable', () => {
  assert.equal(assessMemory(400 * MIB, 10).level, 'ok')
  assert.equal(assessMemory(399 * MIB, 10).level, 'warning')
  assert.equal(assessMemory(159 * MIB, 10).level, 'failure')
  assert.equal(assessMemory(null, 10).level, 'ok')
  assert.equal(parseMemoryInfo('MemTotal:  100 kB\nMemAvailable:   2048 kB\n', 'MemAvailable'), 2 * MIB)
  assert.equal(parseMemoryInfo('', 'MemAvailable'), null)
})

test('disk: 16 MiB are needed, 256 MiB and 5 % are comfortable', () => {
  const space = (freeMib: number, totalMib: number, freeFiles: number | null = null) =>
    assessSpace('/d', { freeBytes: freeMib * MIB, totalBytes: totalMib * MIB, freeFiles }).level
  assert.equal(space(1000, 2000), 'ok')
  assert.equal(space(255, 300), 'warning')
  assert.equal(space(1000, 100_000), 'warning')
  assert.equal(space(15, 20), 'failure')
  assert.equal(space(1000, 2000, 0), 'failure')
  assert.equal(space(1000, 2000, 1), 'ok')
})

test('a file system that does not count files has no limit of them', () => {
  const stats = { type: 0, bsize: 4096, blocks: 10, bfree: 6, bavail: 5, files: 0, ffree: 0 }
  assert.deepEqual(toSpace(stats as never), { freeBytes: 20_480, totalBytes: 40_960, freeFiles: null })
})
