/** npm for tests: a registry that does not answer any more is asked again, instead of being waited for. */
import { type SpawnSyncOptionsWithStringEncoding, type SpawnSyncReturns, spawnSync } from 'node:child_process'

const ATTEMPTS = 3
/** What these tests install takes seconds. */
const ATTEMPT_MS = 100_000
const FLAGS = [
  '--prefer-offline',
  '--fetch-timeout=20000',
  '--no-audit',
  '--no-fund',
  '--no-update-notifier',
  '--loglevel=error',
]

/** @returns how the last attempt ended; another one is made only after one that took too long */
export function runNpm(
  args: readonly string[],
  options: Omit<SpawnSyncOptionsWithStringEncoding, 'encoding'>,
): SpawnSyncReturns<string> {
  for (let attempt = 1; ; attempt++) {
    const limit = { timeout: ATTEMPT_MS, killSignal: 'SIGKILL' } as const
    const result = spawnSync('npm', [...args, ...FLAGS], { ...options, ...limit, encoding: 'utf8' })
    if (result.signal !== 'SIGKILL' || attempt === ATTEMPTS) return result
    console.error(`npm ${args[0]} took longer than ${ATTEMPT_MS / 1000} s, once more`)
  }
}
