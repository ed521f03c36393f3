/** Values that are right alone and make no sense together. Pure. */
import type { Finding, FindingLevel } from '../preflight/finding.ts'
import type { Origin, Origins } from './effective.ts'
import type { SettingName, Settings } from './table.ts'

interface Combination {
  readonly level: FindingLevel
  readonly involved: readonly [SettingName, SettingName]
  readonly isWrong: (settings: Settings) => boolean
  readonly message: string
  readonly advice: string
}

const COMBINATIONS: readonly Combination[] = [
  {
    level: 'failure',
    involved: ['restartDelay', 'restartDelayMax'],
    isWrong: (settings) => settings.restartDelay > settings.restartDelayMax,
    message: 'restartDelay is longer than restartDelayMax',
    advice: 'Make the first shorter or the second longer',
  },
  {
    level: 'failure',
    involved: ['jobs.retryDelay', 'jobs.retryDelayMax'],
    isWrong: (settings) => settings['jobs.retryDelay'] > settings['jobs.retryDelayMax'],
    message: 'jobs.retryDelay is longer than jobs.retryDelayMax',
    advice: 'Make the first shorter or the second longer',
  },
  {
    level: 'failure',
    involved: ['group', 'user'],
    isWrong: (settings) => settings.group !== null && settings.user === null,
    message: 'group is set without user',
    advice: 'Set user too',
  },
  {
    level: 'warning',
    involved: ['startTimeout', 'bootTimeout'],
    isWrong: (settings) => settings.startTimeout <= settings.bootTimeout,
    message: 'startTimeout is not longer than bootTimeout: a start is given up before a hung worker is noticed',
    advice: 'Make startTimeout longer than bootTimeout',
  },
  {
    level: 'warning',
    involved: ['jobs.killDelay', 'stopTimeout'],
    isWrong: (settings) => settings['jobs.killDelay'] >= settings.stopTimeout,
    message: 'jobs.killDelay is not shorter than stopTimeout: on stop, workers are killed before their commands',
    advice: 'Make jobs.killDelay shorter than stopTimeout',
  },
  {
    level: 'warning',
    involved: ['failedRetry', 'restartDelayMax'],
    isWrong: (settings) => settings.failedRetry < settings.restartDelayMax,
    message: 'failedRetry is shorter than restartDelayMax: a failed slot is tried more often than a struggling one',
    advice: 'Make failedRetry longer than restartDelayMax',
  },
]

/** File and line of a setting that comes from a file. */
export function locate({ source, where }: Origin): { file: string; line: number } | null {
  const match = source === 'file' ? /^(.*):(\d+)$/s.exec(where) : null
  return match === null ? null : { file: match[1] ?? '', line: Number(match[2]) }
}

/** @returns a finding for each, at the place of the first setting involved that comes from a file */
export function checkCombinations(settings: Settings, origins: Origins): Finding[] {
  return COMBINATIONS.filter((combination) => combination.isWrong(settings)).map(
    ({ level, involved: [first, second], message, advice }) => ({
      level,
      check: 'settings',
      message,
      advice,
      ...(locate(origins[first]) ?? locate(origins[second])),
    }),
  )
}
