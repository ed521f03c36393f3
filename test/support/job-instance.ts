/** Paths and settings of a job store for tests. */
import { join } from 'node:path'
import type { InstancePaths } from '../../src/protocol.ts'

export const jobSettings: Readonly<Record<string, number>> = {
  'jobs.attempts': 3,
  'jobs.retryDelay': 10,
  'jobs.retryDelayMax': 100,
  'jobs.timeout': 0,
  'jobs.killDelay': 200,
  'jobs.outputLimit': 16_384,
  'jobs.payloadLimit': 262_144,
  'jobs.prefetch': 64,
}

/** All in one directory. */
export function jobPaths(directory: string): InstancePaths {
  const at = (name: string): string => join(directory, name)
  return {
    runDirectory: directory,
    logDirectory: directory,
    stateDirectory: directory,
    lock: at('test.lock'),
    pidfile: at('test.pid'),
    launch: at('test.launch.json'),
    controlSocket: at('test.sock'),
    jobsSocket: at('test.jobs.sock'),
    scoreboard: at('test.scoreboard'),
    log: at('test.log'),
    jobsDatabase: at('jobs.db'),
    jobsLock: at('jobs.lock'),
  }
}
