/**
 * One setting given by one source, typed or refused. Each source becomes a list of these; the strongest one counts,
 * and the wrong ones are all reported, also where a stronger source overrides them. Pure but for path arithmetic.
 */
import { resolve } from 'node:path'
import type { Finding } from '../preflight/finding.ts'
import { nearest } from './nearest.ts'
import { isProblem, type Parsed, parseSetting } from './parse-setting.ts'
import { parseTomlSetting } from './parse-toml-setting.ts'
import type { Row } from './row.ts'
import {
  flagOf,
  isServiceSetting,
  isServiceVariable,
  isSettingName,
  rowOf,
  SETTING_NAMES,
  type SettingName,
  settingOfVariable,
  variableOf,
} from './table.ts'
import type { TomlValue } from './toml-value.ts'

export type Source = 'default' | 'file' | 'environment' | 'flag'

export interface Assignment {
  readonly name: SettingName
  readonly parsed: Parsed
  readonly source: Source
  /** `/etc/myd/myd.toml:3`, `MYD_PROC`, `--proc`. */
  readonly where: string
}

export interface Collected {
  readonly assignments: readonly Assignment[]
  readonly findings: readonly Finding[]
}

/** Paths begin where their source is: the directory of the command, or of the file. */
export function anchored(row: Row, parsed: Parsed, directory: string): Parsed {
  if (row.type !== 'path' || isProblem(parsed) || typeof parsed.value !== 'string') return parsed
  return { value: resolve(directory, parsed.value) }
}

/** Names that end in the same word first (`attempts` → `jobs.attempts`), then the nearest. */
export function nearestSetting(name: string): string | null {
  const sameEnd = SETTING_NAMES.find((known) => known.split('.').at(-1)?.toLowerCase() === name.toLowerCase())
  return sameEnd ?? nearest(name, SETTING_NAMES)
}

export function suggest(word: string | null, otherwise: string): string {
  return word === null ? otherwise : `Did you mean ${word}?`
}

/** @param flags setting name → text; @param directory where the command was typed */
export function collectFlags(flags: Readonly<Record<string, string>>, directory: string): Collected {
  const assignments: Assignment[] = []
  const findings: Finding[] = []
  for (const [name, text] of Object.entries(flags)) {
    if (isServiceSetting(name)) continue
    if (!isSettingName(name)) {
      const advice = /^jobs\.[^.]+\.[^.]+$/.test(name)
        ? 'Types of jobs are set in the settings file, as [jobs.TYPE]'
        : suggest(nearestSetting(name), 'See --settings for all names')
      findings.push({ level: 'failure', check: 'flag', message: `there is no setting ${name}`, advice })
      continue
    }
    const where = flagOf(name)
    const parsed = anchored(rowOf(name), parseSetting(rowOf(name), text), directory)
    assignments.push({ name, parsed, source: 'flag', where })
    if (isProblem(parsed)) {
      const message = where.startsWith('--set') ? `${name} ${parsed.problem}` : `${where} ${parsed.problem}`
      findings.push({ level: 'failure', check: 'flag', message, advice: parsed.advice })
    }
  }
  return { assignments, findings }
}

/** @param variables MYD_* → text; those that are no setting are left to `checkVariables`. */
export function collectVariables(variables: Readonly<Record<string, string>>, directory: string): Collected {
  const assignments: Assignment[] = []
  const findings: Finding[] = []
  for (const [variable, text] of Object.entries(variables)) {
    const name = settingOfVariable(variable)
    if (name === null) continue
    const parsed = anchored(rowOf(name), parseSetting(rowOf(name), text), directory)
    assignments.push({ name, parsed, source: 'environment', where: variable })
    if (!isProblem(parsed)) continue
    findings.push({
      level: 'failure',
      check: 'environment',
      message: `${variable} ${parsed.problem}`,
      advice: parsed.advice,
    })
  }
  return { assignments, findings }
}

/** One `key = value` of the settings file. */
export function assignFromFile(name: SettingName, value: TomlValue, directory: string, where: string): Assignment {
  const parsed = anchored(rowOf(name), parseTomlSetting(rowOf(name), value), directory)
  return { name, parsed, source: 'file', where }
}

const OWN_VARIABLES = ['MYD_ROLE', 'MYD_PARENT', 'MYD_INSTANCE', 'MYD_WORKER']

/**
 * A mistyped variable would do nothing, silently. Only a warning, because others may own one: Kubernetes gives every
 * container variables of each service, and a service named myd makes MYD_PORT.
 */
export function checkVariables(environment: Readonly<Record<string, string | undefined>>): Finding[] {
  const known = SETTING_NAMES.map(variableOf)
  return Object.keys(environment)
    .filter((variable) => variable.startsWith('MYD_') && !variable.startsWith('MYD_JOB_'))
    .filter((variable) => !OWN_VARIABLES.includes(variable) && settingOfVariable(variable) === null)
    .filter((variable) => !isServiceVariable(variable))
    .map((variable) => ({
      level: 'warning',
      check: 'environment',
      message: `${variable} is no setting and does nothing`,
      advice: suggest(nearest(variable, known), 'Unset it, or see --settings for all names'),
    }))
}
