/** The only file that reads the time, so that every decision can be tested with a time of its own. */

/** Milliseconds since boot, unaffected by changes of the wall clock; comparable between processes of one machine. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n)
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
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`
  const seconds = durationMs / 1000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  const whole = Math.floor(seconds)
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${whole % 60} s`
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} m`
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`
}
