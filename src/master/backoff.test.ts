import assert from 'node:assert/strict'
import { test } from 'node:test'
import { code, killedBy, POLICY } from '../../test/support/supervision.ts'
import { backoffDelay, type Death, respawn } from './backoff.ts'

const DEATH: Death = { reason: killedBy('SIGSEGV'), uptimeMs: 0, deaths: 1, index: 0, now: 5000 }

test('who was up longer than uptimeReset is started again at once', () => {
  assert.equal(respawn({ ...DEATH, uptimeMs: 30_001 }, POLICY).type, 'at-once')
  assert.equal(respawn({ ...DEATH, uptimeMs: 30_000 }, POLICY).type, 'backoff')
})

test('the number of deaths that makes a slot failed, however long it was up', () => {
  const failed = { type: 'failed', retryMs: POLICY.failedRetryMs }
  assert.equal(respawn({ ...DEATH, deaths: 4 }, POLICY).type, 'backoff')
  assert.deepEqual(respawn({ ...DEATH, deaths: 5 }, POLICY), failed)
  assert.deepEqual(respawn({ ...DEATH, deaths: 5, uptimeMs: 1e9 }, POLICY), failed)
})

test('exit 78 is not tried again, nothing else is for good', () => {
  assert.deepEqual(respawn({ ...DEATH, reason: code(78), uptimeMs: 1e9 }, POLICY), { type: 'failed', retryMs: null })
  for (const reason of [code(0), code(1), code(77), killedBy('SIGKILL')]) {
    assert.equal(respawn({ ...DEATH, reason }, POLICY).type, 'backoff')
  }
})

test('the delay doubles up to the maximum, within 20 percent', () => {
  const nominal = [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]
  for (const [at, expectedMs] of nominal.entries()) {
    for (let index = 0; index < 20; index++) {
      for (let now = 0; now < 2000; now += 7) {
        const delayMs = backoffDelay(at + 1, index, now, POLICY)
        assert.ok(Number.isInteger(delayMs))
        assert.ok(delayMs >= expectedMs * 0.8 && delayMs <= expectedMs * 1.2, `${delayMs} for ${expectedMs}`)
      }
    }
  }
  assert.ok(backoffDelay(1000, 0, 0, POLICY) <= 72_000)
})

test('the jitter uses its whole range', () => {
  const delays = Array.from({ length: 401 }, (_, now) => backoffDelay(1, 0, now, POLICY))
  assert.deepEqual([Math.min(...delays), Math.max(...delays)], [800, 1200])
})

test('slots that died together start apart', () => {
  const delays = Array.from({ length: 8 }, (_, index) => backoffDelay(1, index, 123_456, POLICY))
  assert.equal(new Set(delays).size, 8)
})
