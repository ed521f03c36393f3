/** The role `module`: what a service forks. It runs as Node would run it, and ends with who forked it. */
import { resolve } from 'node:path'
import { adaptFork } from '../system/fork.ts'
import { setParentDeathSignal } from '../system/libc.ts'
import { runMain } from './load-service.ts'
import { provideOwnModule } from './own-module.ts'

const SIGKILL = 9

export interface ModuleOptions {
  /** Path of the module and its arguments. */
  readonly words: readonly string[]
  readonly parentPid: number
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** @returns an exit code only when it is not to run: the process ends when the module has nothing more to do */
export function runModule({ words: [path = '', ...args], parentPid, environment }: ModuleOptions): Promise<number> {
  setParentDeathSignal(SIGKILL)
  if (process.ppid !== parentPid) return Promise.resolve(1) // it died before the signal was set
  adaptFork(environment)
  provideOwnModule()
  const file = resolve(path)
  process.argv = [process.argv[0] ?? '', file, ...args]
  setImmediate(() => runMain(file)) // what it throws is nobody's to catch
  return new Promise(() => {})
}
