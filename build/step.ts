/** One step of the build: runs it and prints its name, its time and what came of it. */

import { formatDuration, monotonicMs } from '../src/clock.ts'

/** What a step hands on, and in a few words what it did. */
export interface StepResult {
  readonly note: string
}

export async function runStep<T extends StepResult>(name: string, run: () => Promise<T> | T): Promise<T> {
  const startedMs = monotonicMs()
  const result = await run()
  const duration = formatDuration(monotonicMs() - startedMs)
  console.log(`${name.padEnd(8)} ${duration.padStart(8)}   ${result.note}`)
  return result
}

/** `143.2 MB`, powers of ten. */
export function formatMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
