/** The launch record of an instance as a later command reads it, and with what that command says added. Pure but for path arithmetic. */
import { resolve } from 'node:path'
import { LAUNCH_VERSION, type LaunchRecord } from '../protocol.ts'
import type { ServiceSchema } from '../settings/row.ts'
import {
  isServiceSetting,
  isSettingName,
  rowOf,
  SERVICE_SECTION,
  settingOfVariable,
  variableOf,
} from '../settings/table.ts'
import { parseLine } from '../system/line-reader.ts'
import { isSchema } from './parse-description.ts'

/** @returns null for what is no record of this version */
export function parseLaunch(text: string): LaunchRecord | null {
  const value = parseLine(text)
  if (value === null || value.version !== LAUNCH_VERSION) return null
  const newer = { foreground: false, serviceSchema: null, envFile: null } // than the version
  const record = { ...newer, ...value } as unknown as LaunchRecord
  const { directory, flags, environment, config, service, serviceName, serviceSchema, envFile } = record
  const { debug, noFork, foreground } = record
  const isWhole =
    typeof directory === 'string' &&
    [flags, environment].every(isTexts) &&
    [config, service, serviceName, envFile].every((text) => text === null || typeof text === 'string') &&
    (serviceSchema === null || isSchema(serviceSchema)) &&
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
  const serviceSchema = launch.service === null ? before.serviceSchema : launch.serviceSchema
  const isPath = (name: string | null) => name !== null && typeOf(name, serviceSchema) === 'path'
  return {
    ...before,
    flags: { ...before.flags, ...anchor(launch.flags, directory, isPath) },
    environment: {
      ...before.environment,
      ...anchor(launch.environment, directory, (variable) => isPath(settingOf(variable, serviceSchema))),
    },
    config: launch.config ?? before.config,
    service: launch.service ?? before.service,
    serviceName: launch.service === null ? before.serviceName : launch.serviceName,
    serviceSchema,
    envFile: launch.envFile ?? before.envFile,
    debug: launch.debug || before.debug,
    noFork: launch.noFork || before.noFork,
    foreground: false,
  }
}

/** Relative paths start where they were typed, not where the instance was started. An empty one stays the mistake it is. */
function anchor(
  texts: Readonly<Record<string, string>>,
  directory: string,
  isPath: (name: string) => boolean,
): Record<string, string> {
  const entries = Object.entries(texts).map(([name, text]) => [
    name,
    isPath(name) && text !== '' ? resolve(directory, text) : text,
  ])
  return Object.fromEntries(entries)
}

/** The type of a setting, ours or the service's; undefined for none. */
function typeOf(name: string, schema: ServiceSchema | null): string | undefined {
  if (isSettingName(name)) return rowOf(name).type
  return isServiceSetting(name) ? schema?.[name.slice(SERVICE_SECTION.length + 1)]?.type : undefined
}

function settingOf(variable: string, schema: ServiceSchema | null): string | null {
  const ofService = Object.keys(schema ?? {}).map((name) => `${SERVICE_SECTION}.${name}`)
  return settingOfVariable(variable) ?? ofService.find((name) => variableOf(name) === variable) ?? null
}
