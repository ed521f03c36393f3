/** When a failed job is tried again: base × 2^n up to a limit, ±20 % so that what failed together is not tried together. */

const JITTER = 0.2

/**
 * @param failures failed runs so far, 1 or more
 * @param random from 0 (inclusive) to 1, as Math.random gives it
 * @returns milliseconds to wait, never over `maxMs`
 */
export function retryDelayMs(failures: number, baseMs: number, maxMs: number, random: number): number {
  const delayMs = Math.min(baseMs * 2 ** Math.min(failures - 1, 52), maxMs)
  return Math.min(Math.round(delayMs * (1 - JITTER + 2 * JITTER * random)), maxMs)
}
