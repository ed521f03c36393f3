import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CgroupLimits, readCgroupLimits } from './cgroup.ts'

const NONE: CgroupLimits = { cpus: null, memoryBytes: null, memoryLeftBytes: null, pids: null, pidsLeft: null }

function limitsOf(files: Readonly<Record<string, string>>): CgroupLimits {
  return readCgroupLimits((path) => files[path] ?? null)
}

test('no groups, no limits', () => {
  assert.deepEqual(limitsOf({}), NONE)
})

test('version 2: the tightest of the group and those above it', () => {
  const root = '/sys/fs/cgroup'
  const limits = limitsOf({
    '/proc/self/cgroup': '0::/system.slice/myd.service\n',
    [`${root}/system.slice/myd.service/cpu.max`]: 'max 100000\n',
    [`${root}/system.slice/cpu.max`]: '150000 100000\n',
    [`${root}/system.slice/myd.service/memory.max`]: '104857600\n',
    [`${root}/system.slice/myd.service/memory.current`]: '62914560\n',
    [`${root}/system.slice/myd.service/memory.stat`]: 'anon 1\ninactive_file 20971520\n',
    [`${root}/system.slice/memory.max`]: 'max\n',
    [`${root}/system.slice/myd.service/pids.max`]: '50\n',
    [`${root}/system.slice/myd.service/pids.current`]: '8\n',
    [`${root}/system.slice/pids.max`]: '100\n',
    [`${root}/system.slice/pids.current`]: '90\n',
  })
  assert.deepEqual(limits, { cpus: 1.5, memoryBytes: 104857600, memoryLeftBytes: 62914560, pids: 50, pidsLeft: 10 })
})

test('version 1, a container that does not see its own path', () => {
  const limits = limitsOf({
    '/proc/self/cgroup': '5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n3:pids:/docker/abc\n1:name=systemd:/\n',
    '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '50000\n',
    '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
    '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
    '/sys/fs/cgroup/memory/memory.usage_in_bytes': '1000\n',
    '/sys/fs/cgroup/pids/pids.max': 'max\n',
  })
  assert.deepEqual(limits, { ...NONE, cpus: 0.5 })
})

test('version 1 without a CPU quota says -1', () => {
  const limits = limitsOf({
    '/proc/self/cgroup': '1:cpu:/\n',
    '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
    '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
  })
  assert.deepEqual(limits, NONE)
})
