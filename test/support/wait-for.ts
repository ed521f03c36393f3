/** Waiting for a condition, never for a time: the only place of the tests that lets time pass. */
import { setTimeout as delay } from 'node:timers/promises'
import { inspect } from 'node:util'
import { monotonicMs } from '../../src/clock.ts'

const POLL_MS = 10
const TIMEOUT_MS = 15_000

/**
 * @param what ends the sentence “waited … for”
 * @param probe looked at every 10 ms
 * @param holds whether its value is what was waited for; by default: it is truthy
 * @returns that value @throws after the deadline, with what was waited for and the last value
 */
export async function waitFor<T>(
  what: string,
  probe: () => T | Promise<T>,
  holds: (value: T) => boolean = Boolean,
  timeoutMs = TIMEOUT_MS,
): Promise<NonNullable<T>> {
  const deadline = monotonicMs() + timeoutMs
  for (;;) {
    const value = await probe()
    if (holds(value)) return value as NonNullable<T> // nobody waits for null
    if (monotonicMs() > deadline) {
      throw new Error(`waited ${timeoutMs} ms for ${what}; the last value was ${inspect(value, { depth: 4 })}`)
    }
    await delay(POLL_MS)
  }
}

/** Lets a moment pass that is itself the input of a test (“killed after 20 ms”); never to wait for something. */
export function elapse(ms: number): Promise<void> {
  return delay(ms)
}
