/** The settings that the store decides by. */
import type { JobType } from '../protocol.ts'

export interface JobConfig {
  readonly attempts: number
  readonly retryDelayMs: number
  readonly retryDelayMaxMs: number
  /** Of a run; 0 for no limit. */
  readonly timeoutMs: number
  readonly outputLimitBytes: number
  readonly payloadLimitBytes: number
  /** The configured types. */
  readonly types: Readonly<Record<string, JobType>>
}

/** @param settings the flat settings, `jobs.attempts` and so on */
export function readJobConfig(
  settings: Readonly<Record<string, unknown>>,
  types: Readonly<Record<string, JobType>>,
): JobConfig {
  return {
    attempts: numberOf(settings, 'jobs.attempts'),
    retryDelayMs: numberOf(settings, 'jobs.retryDelay'),
    retryDelayMaxMs: numberOf(settings, 'jobs.retryDelayMax'),
    timeoutMs: numberOf(settings, 'jobs.timeout'),
    outputLimitBytes: numberOf(settings, 'jobs.outputLimit'),
    payloadLimitBytes: numberOf(settings, 'jobs.payloadLimit'),
    types,
  }
}

/** A setting that the table of settings types as a number: anything else is a bug. */
export function numberOf(settings: Readonly<Record<string, unknown>>, name: string): number {
  const value = settings[name]
  if (typeof value !== 'number') throw new Error(`setting ${name} is ${JSON.stringify(value)}, not a number`)
  return value
}
