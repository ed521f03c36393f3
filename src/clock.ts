/** The only file that reads the time, so that every decision can be tested with a time of its own. */

/** Milliseconds since boot, unaffected by changes of the wall clock; comparable between processes of one machine. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n)
}

/** The same clock, finer: for what takes less than a millisecond. */
export function monotonicMicroseconds(): number {
  return Number(process.hrtime.bigint() / 1000n)
}

/** Milliseconds since 1970 (wall clock), for people and for what outlives a boot. */
export function wallMs(): number {
  return Date.now()
}

/** ISO 8601 with milliseconds, UTC. */
export function toIso(atWallMs: number): string {
  return new Date(atWallMs).toISOString()
}

/** For people: `850 ms`, `3.2 s`, `4 m 10 s`, `3 h 5 m`, `2 d 4 h`. */
export function formatDuration(durationMs: number): string {
  const ms = Math.round(durationMs)
  if (ms < 1000) return `${ms} ms`
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`
  const whole = Math.floor(ms / 1000)
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${whole % 60} s`
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} m`
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`
}
