/** Runs a program to its end. */
import { type SpawnOptions, spawn } from 'node:child_process'

export interface RunOptions {
  readonly cwd: string
  /** All that it gets besides the caller's PATH. */
  readonly environment: Readonly<Record<string, string>>
  /** Ends the program; what tidies up runs without one. */
  readonly signal?: AbortSignal
}

const STDERR_LIMIT = 4000

/** @throws Error with what the program wrote to stderr, when it does not exit 0 */
export function run(file: string, args: readonly string[], options: RunOptions): Promise<void> {
  const { cwd, environment, signal } = options
  const env = { PATH: process.env.PATH ?? '/usr/bin:/bin', ...environment }
  const how: SpawnOptions = { cwd, env, stdio: ['ignore', 'ignore', 'pipe'], ...(signal ? { signal } : {}) }
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, how)
    let stderr = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-STDERR_LIMIT)
    })
    child.once('error', reject)
    child.once('exit', (code, signalName) => {
      child.stderr?.destroy() // a daemon may hold it
      if (code === 0) resolve()
      else reject(new Error(`${[file, ...args].join(' ')}: ${signalName ?? `exit ${code}`}\n${stderr}`))
    })
  })
}

/** @returns milliseconds */
export async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}
