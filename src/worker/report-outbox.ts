/** Reports of runs on their way to the store: kept until it has acknowledged them, repeated when it may have missed them. */
import type { Lease, RunReport } from '../job/wire.ts'

/** Of one message, in characters of output: as JSON that may be six times as much, and lines are limited. */
const BATCH_OUTPUT_LIMIT = 128 * 1024

export class ReportOutbox {
  readonly #unacknowledged = new Map<string, RunReport>()
  #unsent: RunReport[] = []

  add(report: RunReport): void {
    this.#unacknowledged.set(keyOf(report), report)
    this.#unsent.push(report)
  }

  /** What is to be sent now, in messages of a size that the store takes. */
  takeUnsent(): RunReport[][] {
    const batches: RunReport[][] = []
    let size = 0
    for (const report of this.#unsent.splice(0)) {
      size += report.output.length
      const batch = batches.at(-1)
      if (batch !== undefined && size <= BATCH_OUTPUT_LIMIT) batch.push(report)
      else {
        batches.push([report])
        size = report.output.length
      }
    }
    return batches
  }

  acknowledge(reports: readonly RunReport[]): void {
    for (const report of reports) this.#unacknowledged.delete(keyOf(report))
  }

  /** All that is not acknowledged is to be sent again. */
  repeat(): void {
    this.#unsent = [...this.#unacknowledged.values()]
  }

  /** The runs whose end the store may not know. */
  leases(): Lease[] {
    return [...this.#unacknowledged.values()].map(({ job, attempt }) => ({ job, attempt }))
  }

  hasUnsent(): boolean {
    return this.#unsent.length > 0
  }

  isEmpty(): boolean {
    return this.#unacknowledged.size === 0
  }
}

function keyOf({ job, attempt }: Lease): string {
  return `${job}:${attempt}`
}
