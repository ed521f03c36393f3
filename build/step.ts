/** One step of the build: runs it and prints its name, its time and what came of it. */

import { formatDuration, monotonicMs } from '../src/clock.ts'

/** @param describe says in a few words what the step made */
export async function runStep<T>(name: string, run: () => Promise<T> | T, describe: (result: T) => string): Promise<T> {
  const startedMs = monotonicMs()
  const result = await run()
  const duration = formatDuration(monotonicMs() - startedMs)
  console.log(`${name.padEnd(8)} ${duration.padStart(8)}   ${describe(result)}`)
  return result
}

/** `143.2 MB`, powers of ten. */
export function formatMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
