/**
 * The settings of the service itself, as its schema wants them: the section `[service]` of the file, MYD_SERVICE_*
 * and `--set service.NAME`, in this order of strength. As for our own, everything wrong becomes a finding.
 */
import { dirname } from 'node:path'
import type { Finding } from '../preflight/finding.ts'
import { anchored, suggest } from './assignment.ts'
import type { ConfigFile } from './config-file.ts'
import type { Origin } from './effective.ts'
import { nearest } from './nearest.ts'
import { formatSetting, isProblem, type Parsed, parseSetting } from './parse-setting.ts'
import { parseTomlSetting } from './parse-toml-setting.ts'
import { type ServiceSchema, type SettingValue, toRow } from './row.ts'
import { isServiceSetting, isServiceVariable, SERVICE_SECTION, variableOf } from './table.ts'
import type { TomlEntry } from './toml-value.ts'

export interface ServiceSettings {
  readonly schema: ServiceSchema
  /** Every setting of the schema; null stands where one that must be given is not. */
  readonly values: Readonly<Record<string, SettingValue>>
  readonly origins: Readonly<Record<string, Origin>>
  readonly findings: readonly Finding[]
}

/** Variables that one source gave. */
export interface VariableSource {
  readonly variables: Readonly<Record<string, string>>
  /** Where its relative paths start. */
  readonly directory: string
}

/** What was given, each list the weakest first. */
export interface ServiceSources {
  /** `absent`: no service is named. `unknown`: it could not be looked at, which is told elsewhere. */
  readonly schema: ServiceSchema | 'absent' | 'unknown'
  readonly config: Pick<ConfigFile, 'file' | 'entries'>
  readonly environments: readonly VariableSource[]
  /** Setting name → text, ours among them. */
  readonly flags: Readonly<Record<string, string>>
  /** Where the command was typed. */
  readonly directory: string
}

interface Given {
  readonly name: string
  readonly parsed: Parsed
  readonly source: Origin['source']
  readonly where: string
}

type Report = (finding: Omit<Finding, 'level'>) => void

const NOTHING: Omit<ServiceSettings, 'findings'> = { schema: {}, values: {}, origins: {} }

export function readServiceSettings(sources: ServiceSources): ServiceSettings {
  const { schema, config } = sources
  if (schema === 'unknown') return { ...NOTHING, findings: [] }
  if (schema === 'absent') return { ...NOTHING, findings: reportStray(sources) }
  const findings: Finding[] = []
  const report: Report = (finding) => findings.push({ level: 'failure', ...finding })
  const given = [
    ...readFile(schema, config, report),
    ...sources.environments.flatMap((source) => readVariables(schema, source, report)),
    ...readFlags(schema, sources, report),
  ]
  return { schema, ...settleAll(schema, given, config.file, report), findings }
}

const inSection = ({ key }: TomlEntry): boolean => key[0] === SERVICE_SECTION
const fullName = (name: string): string => `${SERVICE_SECTION}.${name}`

/** Settings of a service, and none to read them: the file is one for another start, or the service was forgotten. */
function reportStray({ config, flags }: ServiceSources): Finding[] {
  const advice = 'Name the service file too'
  const entry = config.entries.find(inSection)
  const flag = Object.keys(flags).find(isServiceSetting)
  const basis = { level: 'failure', check: 'service', advice } as const
  const findings: Finding[] = []
  if (entry !== undefined && config.file !== null) {
    const message = `[${SERVICE_SECTION}] has settings of a service, and there is none`
    findings.push({ ...basis, message, file: config.file, line: entry.line })
  }
  if (flag !== undefined) findings.push({ ...basis, message: `${flag} is a setting of a service, and there is none` })
  return findings
}

function readFile(schema: ServiceSchema, { file, entries }: ServiceSources['config'], report: Report): Given[] {
  const given: Given[] = []
  const unknown = new Set<string>()
  for (const { key, value, line } of file === null ? [] : entries.filter(inSection)) {
    const place = { check: 'settings', file: file ?? '', line }
    const [, head = ''] = key
    const name = key.slice(1).join('.')
    const declared = Object.hasOwn(schema, name) ? schema[name] : undefined
    if (name === '' && value === null) continue
    if (name === '') {
      report({ ...place, message: 'service is a section, not a setting', advice: 'Write [service] above its settings' })
    } else if (declared === undefined) {
      if (!unknown.has(head)) report({ ...place, ...describeUnknown(name, schema) })
      unknown.add(head) // what is below it was told with it
    } else {
      const row = toRow(declared)
      const typed = parseTomlSetting(row, value ?? { kind: 'other', description: 'a table' })
      const parsed = anchored(row, typed, dirname(file ?? ''))
      given.push({ name, parsed, source: 'file', where: `${file}:${line}` })
      if (isProblem(parsed)) report({ ...place, message: `${fullName(name)} ${parsed.problem}`, advice: parsed.advice })
    }
  }
  return given
}

/** Those that no setting has are told by `checkServiceVariables`. */
function readVariables(schema: ServiceSchema, { variables, directory }: VariableSource, report: Report): Given[] {
  const given: Given[] = []
  for (const [name, declared] of Object.entries(schema)) {
    const where = variableOf(fullName(name))
    const text = variables[where]
    if (text === undefined) continue
    const parsed = anchored(toRow(declared), parseSetting(toRow(declared), text), directory)
    given.push({ name, parsed, source: 'environment', where })
    if (isProblem(parsed)) {
      report({ check: 'environment', message: `${where} ${parsed.problem}`, advice: parsed.advice })
    }
  }
  return given
}

function readFlags(schema: ServiceSchema, { flags, directory }: ServiceSources, report: Report): Given[] {
  const given: Given[] = []
  for (const [full, text] of Object.entries(flags)) {
    if (!isServiceSetting(full)) continue
    const name = full.slice(fullName('').length)
    const declared = Object.hasOwn(schema, name) ? schema[name] : undefined
    if (declared === undefined) {
      report({ check: 'flag', ...describeUnknown(name, schema) })
      continue
    }
    const parsed = anchored(toRow(declared), parseSetting(toRow(declared), text), directory)
    given.push({ name, parsed, source: 'flag', where: `--set ${full}` })
    if (isProblem(parsed)) report({ check: 'flag', message: `${full} ${parsed.problem}`, advice: parsed.advice })
  }
  return given
}

function describeUnknown(name: string, schema: ServiceSchema): { message: string; advice: string } {
  const known = Object.keys(schema)
  const word = nearest(name, known)
  const otherwise = known.length === 0 ? 'The service has no settings' : `Known are ${known.map(fullName).join(', ')}`
  return { message: `there is no setting ${fullName(name)}`, advice: suggest(word && fullName(word), otherwise) }
}

/** @param given weakest first */
function settleAll(
  schema: ServiceSchema,
  given: readonly Given[],
  file: string | null,
  report: Report,
): Pick<ServiceSettings, 'values' | 'origins'> {
  const values: Record<string, SettingValue> = {}
  const origins: Record<string, Origin> = {}
  for (const [name, declared] of Object.entries(schema)) {
    const ofName = given.filter((one) => one.name === name)
    const strongest = ofName.findLast(({ parsed }) => !isProblem(parsed))
    const parsed = strongest?.parsed
    const value = parsed !== undefined && !isProblem(parsed) ? parsed.value : (declared.default ?? null)
    values[name] = value
    const text = formatSetting(toRow(declared), value)
    origins[name] = { source: strongest?.source ?? 'default', where: strongest?.where ?? 'the service', text }
    if (ofName.length > 0 || declared.default !== undefined) continue
    report({
      check: 'settings',
      message: `${fullName(name)} is not set, and the service needs it: ${declared.help}`,
      advice: `Write ${name} = … under [${SERVICE_SECTION}] in the settings file, or set ${variableOf(fullName(name))}`,
      ...(file === null ? {} : { file }),
    })
  }
  return { values, origins }
}

/** A mistyped variable would do nothing, silently. Only a warning: Kubernetes makes MYD_SERVICE_HOST of a service named myd. */
export function checkServiceVariables(
  schema: ServiceSources['schema'],
  environment: Readonly<Record<string, string | undefined>>,
): Finding[] {
  if (schema === 'unknown') return []
  const known = schema === 'absent' ? [] : Object.keys(schema).map((name) => variableOf(fullName(name)))
  return Object.keys(environment)
    .filter((variable) => isServiceVariable(variable) && !known.includes(variable))
    .map((variable) => ({
      level: 'warning',
      check: 'environment',
      message: `${variable} is no setting of the service and does nothing`,
      advice: suggest(nearest(variable, known), 'Unset it, or see --settings for all names'),
    }))
}
