/** Waiting for a condition instead of for time, and randomness that can be repeated. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

const LOOK_EVERY_MS = 10

export async function waitUntil(isTrue: () => Promise<boolean> | boolean, timeoutMs = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await isTrue())) {
    assert.ok(performance.now() < deadline, `not within ${timeoutMs} ms: ${isTrue}`)
    await delay(LOOK_EVERY_MS)
  }
}

/** Numbers from 0 to n - 1. The seed is printed, and taken from SEED. */
export function createRandom(context: TestContext): (n: number) => number {
  let seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
  context.diagnostic(`SEED=${seed}`)
  return (n) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return Math.floor((seed / 2 ** 31) * n)
  }
}
