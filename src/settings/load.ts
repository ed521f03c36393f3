/**
 * Finds the effective settings of an instance: built-in values, then the file, then MYD_* variables, then flags; the
 * later wins. Nothing here stops at the first mistake: a wrong value becomes a finding and a weaker one stands in, so
 * that everything wrong is told at once. Who starts something with these settings looks at the findings first.
 */
import { availableParallelism } from 'node:os'
import { basename, dirname } from 'node:path'
import type { Finding } from '../preflight/finding.ts'
import type { InstancePaths, JobType, LaunchRecord } from '../protocol.ts'
import { readCgroupLimits } from '../system/cgroup.ts'
import { childEnvironment } from '../system/child-environment.ts'
import { type Assignment, checkVariables, collectFlags, collectVariables } from './assignment.ts'
import { checkCombinations } from './combination.ts'
import { NO_CONFIG_FILE, readConfigFile } from './config-file.ts'
import { givenText, type Origin, type Origins, settle } from './effective.ts'
import { readEnvFile } from './env-file.ts'
import { collectFile } from './file-settings.ts'
import { isOfJobType, readJobTypes } from './job-types.ts'
import { checkListen } from './listen.ts'
import { checkPaths, type Environment, type Place, resolvePaths, usualConfigFile } from './paths.ts'
import type { ServiceSchema, SettingValue } from './row.ts'
import { checkServiceVariables, readServiceSettings, type VariableSource } from './service-settings.ts'
import { isServiceVariable, type Settings, settingOfVariable } from './table.ts'

export interface LoadedSettings {
  /** Complete, whatever the findings say. */
  readonly settings: Settings
  readonly jobTypes: Readonly<Record<string, JobType>>
  /** Those that the service declares, by name. */
  readonly serviceSettings: Readonly<Record<string, SettingValue>>
  readonly serviceOrigins: Readonly<Record<string, Origin>>
  readonly serviceSchema: ServiceSchema
  /** Variables of --env-file for workers; those of the caller win over them. */
  readonly variables: Readonly<Record<string, string>>
  readonly origins: Origins
  /** Only what is wrong: failures and warnings. */
  readonly findings: readonly Finding[]
  /** The file that was there, also when it is wrong; null when there is none. */
  readonly configFile: string | null
  readonly paths: InstancePaths
}

/** What of the host decides defaults. */
export interface Host {
  readonly uid: number
  /** CPUs' worth of time that this process may use, fractions included. */
  readonly cpus: number
}

export function readHost(): Host {
  const quota = readCgroupLimits().cpus ?? Number.POSITIVE_INFINITY
  return { uid: process.getuid?.() ?? 0, cpus: Math.min(availableParallelism(), quota) }
}

/** The environment of this process. */
export function readEnvironment(): Environment {
  return process.env
}

/** Where the service runs in this process: the variables of --env-file, as a worker would have been given them. */
export function adoptVariables({ variables, settings }: LoadedSettings): void {
  const passed = childEnvironment(variables, settings['environment.pass'], {})
  for (const [name, value] of Object.entries(passed)) process.env[name] ??= value
}

/** The MYD_* variables that are settings, for the launch record. */
export function collectEnvironment(environment: Environment): Record<string, string> {
  const settings: Record<string, string> = {}
  for (const [variable, value] of Object.entries(environment)) {
    const isSetting = settingOfVariable(variable) !== null || isServiceVariable(variable)
    if (value !== undefined && isSetting) settings[variable] = value
  }
  return settings
}

/** The name of an instance that nobody named: the service's own, or that of its file, in letters that suit a file name. */
function defaultName({ service, serviceName }: LaunchRecord): string {
  const base = serviceName ?? (service === null ? '' : basename(service).replace(/\.[cm]?[jt]s$/, ''))
  const name = base.replace(/^[^a-zA-Z0-9]+/, '').replace(/[^a-zA-Z0-9._-]/g, '-')
  return name.slice(0, 64) || 'myd'
}

/** A file found by one name must not give another: the next command would look for another file. */
function checkFoundName(found: string, given: string, file: string | null): Finding[] {
  if (file === null || found === given) return []
  const message = `this file was found as that of ${found}, and gives the name ${given}`
  const advice = `Remove name, and start with --name ${given} or give the file with --config`
  return [{ level: 'failure', check: 'settings', message, advice, file }]
}

/** What the sources gave, the weakest first, before anything is decided. */
async function readSources(launch: LaunchRecord, environment: Environment, uid: number) {
  const placeOf = (assignments: readonly Assignment[]): Place => ({
    name: givenText(assignments, 'name') ?? defaultName(launch),
    uid,
    environment,
    home: givenText(assignments, 'home'),
  })
  const flags = collectFlags(launch.flags, launch.directory)
  const envFile = readEnvFile(launch.envFile)
  const environments: VariableSource[] = [
    { variables: collectEnvironment(envFile.variables), directory: dirname(launch.envFile ?? '/') },
    { variables: launch.environment, directory: launch.directory },
  ]
  const variables = environments.map((source) => collectVariables(source.variables, source.directory))
  const fromCaller = [...variables.flatMap((each) => each.assignments), ...flags.assignments]
  const callerPlace = placeOf(fromCaller)
  const path = launch.config ?? usualConfigFile(callerPlace)
  const config = path === null ? NO_CONFIG_FILE : await readConfigFile(path, launch.config !== null)
  const fromFile = collectFile(config)
  const assignments = [...fromFile.assignments, ...fromCaller]
  const place = placeOf(assignments)
  const nameFindings = launch.config === null ? checkFoundName(callerPlace.name, place.name, config.file) : []
  const all = { ...envFile.variables, ...environment }
  const findings = [...flags.findings, ...envFile.findings, ...checkVariables(all)]
  findings.push(...variables.flatMap((each) => each.findings))
  findings.push(...config.findings, ...fromFile.findings, ...nameFindings)
  const schema = launch.service === null ? 'absent' : (launch.serviceSchema ?? 'unknown')
  const service = readServiceSettings({
    ...{ schema, config, environments },
    flags: launch.flags,
    directory: launch.directory,
  })
  findings.push(...checkServiceVariables(schema, all), ...service.findings)
  return { assignments, place, config, service, variables: envFile.variables, findings }
}

/**
 * @param environment of this process: HOME, XDG_*, what systemd gives. The settings among its variables are taken
 *   from the launch record instead, which remembers those of the caller
 * @returns settings that are complete, and every mistake in `findings` (check `flag`, `environment` or `settings`);
 *   throws only for a bug
 */
export async function loadSettings(
  launch: LaunchRecord,
  environment: Environment,
  host: Host = readHost(),
): Promise<LoadedSettings> {
  const { assignments, place, config, service, variables, findings } = await readSources(launch, environment, host.uid)
  const paths = resolvePaths(place, {
    runDirectory: givenText(assignments, 'runDirectory'),
    logDirectory: givenText(assignments, 'logDirectory'),
    stateDirectory: givenText(assignments, 'stateDirectory'),
  })
  const { settings, origins } = settle(assignments, {
    name: place.name,
    paths,
    directory: launch.service === null ? '/' : launch.directory,
    cpus: host.cpus,
  })
  const sections = config.entries.filter(isOfJobType)
  const surroundings = { settings, file: config.file ?? '', needsCommand: launch.service === null }
  const { jobTypes, findings: jobFindings } = readJobTypes(sections, surroundings)
  findings.push(...jobFindings, ...checkCombinations(settings, origins), ...checkListen(settings, origins))
  findings.push(...checkPaths(paths))
  const ofService = { serviceSettings: service.values, serviceOrigins: service.origins, serviceSchema: service.schema }
  return { settings, jobTypes, ...ofService, variables, origins, findings, configFile: config.file, paths }
}
