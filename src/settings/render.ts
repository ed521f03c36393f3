/** The effective settings for people and for programs, and the table of the README. Pure. */
import type { JobType } from '../protocol.ts'
import { wrapIndented, wrapText } from '../wrap-text.ts'
import type { LoadedSettings } from './load.ts'
import { flagOf, rowOf, SERVICE_SECTION, SETTING_NAMES, type SettingName, variableOf } from './table.ts'
import { formatDurationValue } from './units.ts'

interface Line {
  readonly name: string
  readonly value: string
  readonly from: string
  readonly meaning: string
}

const HEAD: Line = { name: 'SETTING', value: 'VALUE', from: 'FROM', meaning: 'MEANING' }
const NAME_WIDTH = 21
/** Narrower than this, a column of sentences is hard to read: the meaning goes below. */
const MEANING_WIDTH = 36

function sectionOf(name: SettingName): string {
  return name.includes('.') ? name.slice(0, name.indexOf('.')) : 'general'
}

function lineOf({ origins }: LoadedSettings, name: SettingName): Line {
  const { text, where } = origins[name]
  return { name, value: text === '' ? '-' : text, from: where, meaning: rowOf(name).help }
}

function describeJobType(name: string, type: JobType, file: string | null): Line {
  const timeout = type.timeoutMs === 0 ? 'no timeout' : `timeout ${formatDurationValue(type.timeoutMs)}`
  const retryDelay = formatDurationValue(type.retryDelayMs)
  const meaning = `${type.attempts} attempts, ${timeout}, retryDelay ${retryDelay}, priority ${type.priority}`
  return { name: `jobs.${name}`, value: type.command.join(' ') || '(by the service)', from: file ?? '', meaning }
}

function describeServiceSettings({ serviceSchema, serviceOrigins }: LoadedSettings): Line[] {
  return Object.entries(serviceSchema).map(([name, { help }]) => {
    const { text = '', where = '' } = serviceOrigins[name] ?? {}
    return { name: `${SERVICE_SECTION}.${name}`, value: text === '' ? '-' : text, from: where, meaning: help }
  })
}

/** Cells side by side, each wrapped within its column; the last column takes the rest. */
function renderRow(cells: readonly string[], widths: readonly number[]): string[] {
  const columns = cells.map((cell, index) => wrapText(cell, widths[index] ?? 1))
  const height = Math.max(...columns.map((lines) => lines.length))
  return Array.from({ length: height }, (_, row) =>
    columns
      .map((lines, index) => (lines[row] ?? '').padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function longest(lines: readonly Line[], cell: keyof Line, limit: number): number {
  return Math.max(1, Math.min(limit, Math.max(...lines.map((line) => line[cell].length))))
}

function renderLines(lines: readonly Line[], widths: readonly number[], width: number): string[] {
  const [nameWidth = 0, valueWidth = 0, fromWidth = 0] = widths
  const meaningWidth = width - nameWidth - valueWidth - fromWidth - 6
  if (meaningWidth >= MEANING_WIDTH) {
    return lines.flatMap((line) =>
      renderRow([line.name, line.value, line.from, line.meaning], [...widths, meaningWidth]),
    )
  }
  return lines.flatMap((line) => [
    ...renderRow([line.name, line.value, line.from], widths),
    ...wrapIndented(line.meaning, width, '    '),
  ])
}

/** A table: setting, effective value, where it came from, what it means. @param width columns of the terminal */
export function renderSettings(loaded: LoadedSettings, { width }: { readonly width: number }): string {
  const sections = Map.groupBy(SETTING_NAMES, sectionOf)
  const types = Object.entries(loaded.jobTypes).map(([name, type]) => describeJobType(name, type, loaded.configFile))
  const ofService = describeServiceSettings(loaded)
  const all = [HEAD, ...SETTING_NAMES.map((name) => lineOf(loaded, name)), ...ofService, ...types]
  const share = Math.floor((width - NAME_WIDTH) / 3)
  const widths = [longest(all, 'name', NAME_WIDTH), longest(all, 'value', share), longest(all, 'from', share)]
  const output = [`settings file: ${loaded.configFile ?? 'none'}`, '', ...renderLines([HEAD], widths, width)]
  for (const [section, names] of sections) {
    output.push('', `[${section}]`)
    output.push(
      ...renderLines(
        names.map((name) => lineOf(loaded, name)),
        widths,
        width,
      ),
    )
  }
  if (ofService.length > 0) output.push('', `[${SERVICE_SECTION}]`, ...renderLines(ofService, widths, width))
  if (types.length > 0) output.push('', '[types of jobs]', ...renderLines(types, widths, width))
  return `${output.join('\n')}\n`
}

/** `value` in base units (milliseconds, bytes); `text` as in a file. */
export function settingsToJson(loaded: LoadedSettings): Record<string, unknown> {
  const settings = SETTING_NAMES.map((name) => {
    const { type, help } = rowOf(name)
    const value = loaded.settings[name]
    return [name, { value, ...loaded.origins[name], type, variable: variableOf(name), flag: flagOf(name), help }]
  })
  const ofService = Object.entries(loaded.serviceSchema).map(([own, { type, help }]) => {
    const name = `${SERVICE_SECTION}.${own}`
    const value = loaded.serviceSettings[own]
    const origin = loaded.serviceOrigins[own]
    return [name, { value, ...origin, type, variable: variableOf(name), flag: `--set ${name}`, help }]
  })
  const { configFile, jobTypes, paths, findings } = loaded
  return { configFile, settings: Object.fromEntries([...settings, ...ofService]), jobTypes, paths, findings }
}

/** Markdown for the README, generated by build/settings-docs.ts. */
export function renderMarkdownTable(): string {
  const rows = SETTING_NAMES.map((name) => {
    const row = rowOf(name)
    const initial = row.computed ? row.default : row.default ? `\`${row.default}\`` : ''
    const flag = row.flag === undefined ? '' : `\`--${row.flag}\``
    return `| \`${name}\` | ${row.type} | ${initial} | \`${variableOf(name)}\` | ${flag} | ${row.help} |`
  })
  const head = '| Setting | Type | Default | Variable | Flag | Meaning |'
  return [head, '| --- | --- | --- | --- | --- | --- |', ...rows].join('\n')
}
