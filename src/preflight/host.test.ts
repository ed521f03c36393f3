import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assessGlibc, assessLibstdcxx, assessSymbols } from './c-library.ts'
import { assessCpus } from './cgroup.ts'
import type { FindingLevel } from './finding.ts'
import { assessArchitecture, assessKernel } from './kernel.ts'
import { assessClock } from './wall-clock.ts'

test('kernel: 5.9 or newer', () => {
  const rows: [string, FindingLevel][] = [
    ['6.1.0-18-amd64', 'ok'],
    ['5.10.0', 'ok'],
    ['5.9.0-rc1', 'ok'],
    ['5.4.0-150-generic', 'failure'],
    ['4.18.0-553.el8', 'failure'],
    ['3.10.0', 'failure'],
    ['nonsense', 'failure'],
  ]
  for (const [release, level] of rows) assert.equal(assessKernel(release).level, level, release)
})

test('architecture: the one it was built for', () => {
  assert.equal(assessArchitecture('linux', 'x64', 'linux-x64').level, 'ok')
  assert.equal(assessArchitecture('linux', 'arm64', 'linux-x64').level, 'failure')
  assert.equal(assessArchitecture('linux', 'riscv64', 'linux-riscv64').level, 'failure')
  assert.equal(assessArchitecture('darwin', 'arm64', 'darwin-arm64').level, 'failure')
})

test('glibc: 2.28 or newer', () => {
  const levels = ['2.36', '2.28', '3.0', '2.27', '2.5', ''].map((version) => assessGlibc(version).level)
  assert.deepEqual(levels, ['ok', 'ok', 'ok', 'failure', 'failure', 'failure'])
})

test('libstdc++: by the file that is mapped', () => {
  const maps = (name: string) => `7f00-7f01 r-xp 00000000 fe:00 123  /usr/lib/${name}\n`
  assert.equal(assessLibstdcxx(maps('libstdc++.so.6.0.30')).level, 'ok')
  assert.equal(assessLibstdcxx(maps('libstdc++.so.6.0.21')).level, 'ok')
  assert.equal(assessLibstdcxx(maps('libstdc++.so.6.0.19')).level, 'failure')
  assert.equal(assessLibstdcxx(maps('libc.so.6')).message, 'libstdc++ is built in')
})

test('functions of the C library', () => {
  assert.equal(assessSymbols([], 12).level, 'ok')
  assert.match(assessSymbols(['close_range', 'flock'], 12).message, /lacks close_range, flock/)
})

test('CPU time: up to four workers for each CPU', () => {
  assert.equal(assessCpus(2, 8).level, 'ok')
  assert.equal(assessCpus(2, 9).level, 'warning')
  assert.equal(assessCpus(0.5, 3).level, 'warning')
  assert.equal(assessCpus(0.5, 3).advice, 'Lower proc to 1, or give it more CPU time')
  assert.equal(assessCpus(1, 1).message, '1 CPU for 1 worker')
})

test('clock: not in the past, not before the boot, not before what is on the disk', () => {
  const now = Date.UTC(2026, 6, 1)
  const hour = 3_600_000
  assert.equal(assessClock(now, hour, now - hour).level, 'ok')
  assert.equal(assessClock(now, hour, 0).level, 'ok')
  assert.equal(assessClock(now, hour, now + hour).level, 'ok')
  assert.equal(assessClock(Date.UTC(2024, 11, 31), hour, 0).level, 'warning')
  assert.equal(assessClock(now, now + hour, 0).level, 'warning')
  assert.match(assessClock(now, hour, now + 72 * hour).message, /3 d 0 h before files that are there already/)
})
