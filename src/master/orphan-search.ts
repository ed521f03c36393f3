/**
 * Ends what dead workers left. One search serves all that have died: it ends everything that belongs to no living
 * worker. Leases of a command that hangs in the kernel stay where they are: two runs of a job must never overlap.
 */
import { asExpected, MydError } from '../errors.ts'
import type { Emit } from '../events.ts'
import type { WorkerId } from '../protocol.ts'
import { type Claims, type Ended, endOrphans } from './orphans.ts'

export interface OrphanSearchOptions {
  readonly claims: () => Claims
  readonly emit: Emit
  readonly onEnd: (worker: WorkerId, outcome: 'commands.ended' | 'commands.stuck') => void
}

const RETRY_MS = 1000

export class OrphanSearch {
  readonly #options: OrphanSearchOptions
  readonly #dead = new Set<WorkerId>()
  #isSearching = false

  constructor(options: OrphanSearchOptions) {
    this.#options = options
  }

  /** Tells by `onEnd` when nothing of this worker runs any more, or that something cannot be ended. */
  endOf(worker: WorkerId): void {
    this.#dead.add(worker)
    if (!this.#isSearching) void this.#search()
  }

  async #search(): Promise<void> {
    this.#isSearching = true
    const { emit, onEnd } = this.#options
    while (this.#dead.size > 0) {
      const workers = [...this.#dead]
      const { pids, unkillable } = await this.#look()
      for (const worker of workers) this.#dead.delete(worker)
      const worker = workers.join(' ')
      if (pids.length > 0) emit({ type: 'commands.ended', worker, pids })
      if (unkillable.length > 0) emit({ type: 'commands.unkillable', worker, pids: unkillable })
      for (const one of workers) onEnd(one, unkillable.length > 0 ? 'commands.stuck' : 'commands.ended')
    }
    this.#isSearching = false
  }

  /**
   * Of workers that died together all exits are taken first. When /proc cannot be read, for want of descriptors or
   * memory, nothing is known, so it is tried again.
   */
  async #look(): Promise<Ended> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve))
      try {
        return await endOrphans(this.#options.claims)
      } catch (error) {
        if (!(asExpected(error) instanceof MydError)) throw error
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
  }
}
