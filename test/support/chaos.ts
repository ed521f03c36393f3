/** What the chaos test does to an instance: feeds it jobs, kills its processes, remembers which workers it killed. */
import assert from 'node:assert/strict'
import { listChildren, readEnvironment } from '../../src/system/proc.ts'
import type { Instance } from './instance.ts'
import { findRole, isAlive, listOwned, signal } from './processes.ts'
import type { Random } from './random.ts'
import { recordingJob } from './recorded-runs.ts'
import { waitFor } from './wait-for.ts'

export type Victim = 'worker' | 'store' | 'master'

const BATCH = 5
/** Longest run of most jobs, and of one in each batch: what a killed worker leaves of it outlives the next start of the job. */
const SHORT_S = 0.1
const LONG_S = 2
/** `job add` may meet a daemon that has just been killed, or one that is starting. */
const EXITS_WITHOUT_DAEMON: readonly (number | null)[] = [1, 69]

export class Chaos {
  /** Workers that were killed alone, and those that went with their master: by MYD_WORKER. */
  readonly killedAlone = new Set<string>()
  readonly killedWithMaster = new Set<string>()
  readonly answered: number[] = []
  refusals = 0
  readonly #instance: Instance
  readonly #random: Random
  #isFeeding = true

  constructor(instance: Instance, random: Random) {
    this.#instance = instance
    this.#random = random
  }

  /** Adds jobs until `stopFeeding`; an id that was answered must never be lost. */
  async feed(): Promise<void> {
    while (this.#isFeeding) {
      const seconds = Array.from(
        { length: BATCH },
        (_, index) => this.#random.next() * (index === 0 ? LONG_S : SHORT_S),
      )
      const lines = seconds.map((each) => recordingJob(this.#instance, each))
      const result = await this.#instance.run(['job', 'add', '--quiet', '-'], { input: lines.join('\n') })
      if (result.code === 0) this.answered.push(...result.stdout.trim().split('\n').map(Number))
      else {
        assert.ok(EXITS_WITHOUT_DAEMON.includes(result.code), `job add: exit ${result.code}: ${result.stderr}`)
        this.refusals += 1
      }
    }
  }

  stopFeeding(): void {
    this.#isFeeding = false
  }

  async kill(victim: Victim): Promise<void> {
    const { home } = this.#instance
    if (victim === 'master') return await this.#killMaster()
    const pid = await waitFor(`a ${victim}`, () => (victim === 'store' ? findRole(home, 'store') : this.#pickWorker()))
    const worker = workerOf(pid)
    if (!signal(pid, 'SIGKILL')) return
    if (worker !== undefined) this.killedAlone.add(worker)
    await waitFor('its death', () => !isAlive(pid))
  }

  /** One that runs a job, when there is one. */
  #pickWorker(): number | undefined {
    const workers = listOwned(this.#instance.home).filter(isWorker)
    const busy = workers.filter((pid) => listChildren(pid).length > 0)
    const choices = busy.length > 0 ? busy : workers
    return choices.length === 0 ? undefined : this.#random.pick(choices)
  }

  /** It is stopped first, so that it starts no worker that would not be remembered. */
  async #killMaster(): Promise<void> {
    const { home } = this.#instance
    const pid = await waitFor('the master', () => findRole(home, 'master'))
    signal(pid, 'SIGSTOP')
    for (const one of listOwned(home).filter(isWorker)) this.killedWithMaster.add(workerOf(one)!)
    signal(pid, 'SIGKILL')
    await waitFor('its death', () => !isAlive(pid))
    await this.#instance.start()
  }
}

function workerOf(pid: number): string | undefined {
  const entry = readEnvironment(pid)?.find((one) => one.startsWith('MYD_WORKER='))
  return entry?.slice('MYD_WORKER='.length)
}

function isWorker(pid: number): boolean {
  return readEnvironment(pid)?.includes('MYD_ROLE=worker') ?? false
}
