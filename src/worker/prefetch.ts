/**
 * How many jobs a worker reserves at once. Short jobs are reserved many at a time, since each exchange with the store
 * costs a commit; a job that is not short brings it back to one, so that none waits long behind another while some
 * other worker is idle. Pure.
 */

/** A job under this is short. */
export const SHORT_MS = 2
/** A job that runs for longer gives back what waits behind it. */
export const LONG_MS = 20

/** @param prefetch the value so far, 1 or more @returns the value after a run of `durationMs` that was the last in hand */
export function nextPrefetch(prefetch: number, durationMs: number, limit: number): number {
  return durationMs < SHORT_MS ? Math.min(prefetch * 2, limit) : 1
}
