/** From what every source gave to the one value that counts, and where it came from. Pure. */
import type { InstancePaths } from '../protocol.ts'
import type { Assignment, Source } from './assignment.ts'
import { formatSetting, isProblem, type Parsed, parseSetting } from './parse-setting.ts'
import type { Row, SettingValue } from './row.ts'
import { rowOf, SETTING_NAMES, type SettingName, type Settings } from './table.ts'

export interface Origin {
  readonly source: Source
  /** `file:line`, a variable, a flag; `built in`. */
  readonly where: string
  /** The effective value as people write it: `90s`, `auto (2)`. */
  readonly text: string
}

export type Origins = Readonly<Record<SettingName, Origin>>

/** What the host decides where the table says `computed` or `auto`. */
export interface Computed {
  readonly name: string
  readonly paths: InstancePaths
  /** Working directory of workers. */
  readonly directory: string
  /** CPUs' worth of time that this process may use. */
  readonly cpus: number
}

/** Follow the home where they are not set themselves. */
const DIRECTORIES: readonly SettingName[] = ['runDirectory', 'logDirectory', 'stateDirectory']

/** The last of the right ones; assignments come in the order of their strength, the strongest last. */
function strongest(assignments: readonly Assignment[], name: SettingName): Assignment | undefined {
  return assignments.findLast((assignment) => assignment.name === name && !isProblem(assignment.parsed))
}

/** The text that was given for a setting, or null. */
export function givenText(assignments: readonly Assignment[], name: SettingName): string | null {
  const parsed = strongest(assignments, name)?.parsed
  return parsed !== undefined && 'value' in parsed && typeof parsed.value === 'string' ? parsed.value : null
}

function initialValue(name: SettingName, row: Row, { name: instance, paths, directory }: Computed): Parsed {
  const computed: Partial<Record<SettingName, string>> = {
    name: instance,
    directory,
    runDirectory: paths.runDirectory,
    logDirectory: paths.logDirectory,
    stateDirectory: paths.stateDirectory,
  }
  if (row.computed || row.default === null) return { value: computed[name] ?? null }
  return parseSetting(row, row.default)
}

function resolveAuto(row: Row, cpus: number): number {
  return Math.min(row.max ?? cpus, Math.max(1, Math.floor(cpus)))
}

/** @param assignments weakest first */
export function settle(
  assignments: readonly Assignment[],
  computed: Computed,
): { readonly settings: Settings; readonly origins: Origins } {
  const settings: Partial<Record<SettingName, SettingValue>> = {}
  const origins: Partial<Record<SettingName, Origin>> = {}
  for (const name of SETTING_NAMES) {
    const row = rowOf(name)
    const given = strongest(assignments, name)
    const parsed = given?.parsed ?? initialValue(name, row, computed)
    if (isProblem(parsed)) throw new Error(`the default of ${name} ${parsed.problem}`)
    const isAuto = row.auto === true && parsed.value === 'auto'
    const value = isAuto ? resolveAuto(row, computed.cpus) : parsed.value
    const text = isAuto ? `auto (${value})` : formatSetting(row, value)
    settings[name] = value
    const cause = given ?? (DIRECTORIES.includes(name) ? strongest(assignments, 'home') : undefined)
    origins[name] = { source: cause?.source ?? 'default', where: cause?.where ?? 'built in', text }
  }
  return { settings: settings as Settings, origins: origins as Origins }
}
