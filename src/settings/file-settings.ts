/** The settings among the entries of the file; what is neither a setting nor a type of jobs is reported. */
import { dirname } from 'node:path'
import type { Finding } from '../preflight/finding.ts'
import { type Assignment, assignFromFile, type Collected, nearestSetting, suggest } from './assignment.ts'
import type { ConfigFile } from './config-file.ts'
import { isOfJobType } from './job-types.ts'
import { nearest } from './nearest.ts'
import { isProblem } from './parse-setting.ts'
import { isSettingName, SERVICE_SECTION, SETTING_NAMES } from './table.ts'
import type { TomlEntry } from './toml-value.ts'

/** `jobs`, `log`, … */
const SECTIONS = [...new Set(SETTING_NAMES.filter((name) => name.includes('.')).map((name) => name.split('.')[0]!))]

function unknownEntry(name: string, isTable: boolean): { message: string; advice: string } {
  if (isTable && isSettingName(name))
    return { message: `${name} is a setting, not a section`, advice: `Write ${name} = …` }
  const message = isTable ? `there is no section [${name}]` : `there is no setting ${name}`
  const word = isTable ? (nearest(name, SECTIONS) ?? nearestSetting(name)) : nearestSetting(name)
  return { message, advice: suggest(word, 'See --settings for all names') }
}

function isUnder(key: readonly string[], tables: readonly (readonly string[])[]): boolean {
  return tables.some((table) => table.length < key.length && table.every((part, index) => part === key[index]))
}

/** Everything under a table that is itself unknown is reported once, with the table. */
export function collectFile({ file, entries }: ConfigFile): Collected {
  const assignments: Assignment[] = []
  const findings: Finding[] = []
  const unknownTables: TomlEntry['key'][] = []
  for (const entry of entries) {
    const { key, value, line } = entry
    const name = key.join('.')
    if (file === null || isOfJobType(entry) || key[0] === SERVICE_SECTION || isUnder(key, unknownTables)) continue
    if (value === null && key.length === 1 && SECTIONS.includes(name)) continue
    if (value !== null && isSettingName(name)) {
      const assignment = assignFromFile(name, value, dirname(file), `${file}:${line}`)
      assignments.push(assignment)
      if (!isProblem(assignment.parsed)) continue
      const { problem, advice } = assignment.parsed
      findings.push({ level: 'failure', check: 'settings', message: `${name} ${problem}`, advice, file, line })
      continue
    }
    if (value === null) unknownTables.push(key)
    findings.push({ level: 'failure', check: 'settings', ...unknownEntry(name, value === null), file, line })
  }
  return { assignments, findings }
}
