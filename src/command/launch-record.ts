/** The launch record of an instance as a later command reads it, and with what that command says added. Pure but for path arithmetic. */
import { resolve } from 'node:path'
import { LAUNCH_VERSION, type LaunchRecord } from '../protocol.ts'
import { isSettingName, rowOf, settingOfVariable } from '../settings/table.ts'
import { parseLine } from '../system/line-reader.ts'

/** @returns null for what is no record of this version */
export function parseLaunch(text: string): LaunchRecord | null {
  const value = parseLine(text)
  if (value === null || value.version !== LAUNCH_VERSION) return null
  const record = { foreground: false, ...value } as unknown as LaunchRecord // the field is newer than the version
  const { directory, flags, environment, config, service, serviceName, debug, noFork, foreground } = record
  const isWhole =
    typeof directory === 'string' &&
    [flags, environment].every(isTexts) &&
    [config, service, serviceName].every((text) => text === null || typeof text === 'string') &&
    [debug, noFork, foreground].every((flag) => typeof flag === 'boolean')
  return isWhole ? record : null
}

function isTexts(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.values(value).every((text) => typeof text === 'string')
}

/** @param launch what was typed now: it wins @returns the record of a detached daemon */
export function mergeLaunch(before: LaunchRecord, launch: LaunchRecord): LaunchRecord {
  const { directory } = launch
  const setting = (name: string) => (isSettingName(name) ? name : null)
  return {
    ...before,
    flags: { ...before.flags, ...anchor(launch.flags, directory, setting) },
    environment: { ...before.environment, ...anchor(launch.environment, directory, settingOfVariable) },
    config: launch.config ?? before.config,
    service: launch.service ?? before.service,
    serviceName: launch.service === null ? before.serviceName : launch.serviceName,
    debug: launch.debug || before.debug,
    noFork: launch.noFork || before.noFork,
    foreground: false,
  }
}

/** Relative paths start where they were typed, not where the instance was started. An empty one stays the mistake it is. */
function anchor(
  texts: Readonly<Record<string, string>>,
  directory: string,
  settingOf: (name: string) => Parameters<typeof rowOf>[0] | null,
): Record<string, string> {
  const entries = Object.entries(texts).map(([name, text]) => {
    const setting = settingOf(name)
    const isPath = setting !== null && rowOf(setting).type === 'path' && text !== ''
    return [name, isPath ? resolve(directory, text) : text]
  })
  return Object.fromEntries(entries)
}
