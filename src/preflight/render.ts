/** Findings for people and for programs. Levels are words, so that they are seen without colour too. Pure. */
import { wrapIndented } from '../wrap-text.ts'
import { type Finding, type FindingLevel, hasFailure } from './finding.ts'

export interface RenderOptions {
  /** Columns of the terminal. */
  readonly width: number
  readonly color: boolean
}

const COLORS: Readonly<Record<FindingLevel, string>> = { ok: '\x1b[32m', warning: '\x1b[33m', failure: '\x1b[31m' }
const RESET = '\x1b[0m'
const LEVEL_WIDTH = 'warning'.length

function count(findings: readonly Finding[], level: FindingLevel): number {
  return findings.filter((finding) => finding.level === level).length
}

function quantity(amount: number, one: string, several: string): string {
  return `${amount} ${amount === 1 ? one : several}`
}

/** `17 checks passed, 1 warning, 0 failures`. */
export function summarise(findings: readonly Finding[]): string {
  const passed = quantity(count(findings, 'ok'), 'check passed', 'checks passed')
  const warnings = quantity(count(findings, 'warning'), 'warning', 'warnings')
  return `${passed}, ${warnings}, ${quantity(count(findings, 'failure'), 'failure', 'failures')}`
}

/** `/etc/myd/myd.toml:3: `, or nothing. */
export function placeOf({ file, line }: Finding): string {
  if (file === undefined) return ''
  return line === undefined ? `${file}: ` : `${file}:${line}: `
}

function renderFinding(finding: Finding, checkWidth: number, { width, color }: RenderOptions): string[] {
  const { level, check, message, advice } = finding
  const mark = level.padEnd(LEVEL_WIDTH)
  const first = `${mark}  ${check.padEnd(checkWidth)}  `
  const indent = ' '.repeat(first.length)
  const lines = wrapIndented(placeOf(finding) + message, width, first, indent)
  if (color) lines[0] = `${COLORS[level]}${mark}${RESET}${lines[0]!.slice(mark.length)}`
  return advice === '' ? lines : [...lines, ...wrapIndented(advice, width, `${indent}→ `, `${indent}  `)]
}

/**
 * A line for each finding, its advice below it, and a summary as the last line.
 * @param all what is summed up, when only some of it is shown
 */
export function renderFindings(findings: readonly Finding[], options: RenderOptions, all = findings): string {
  const checkWidth = Math.max(0, ...findings.map((finding) => finding.check.length))
  const lines = findings.flatMap((finding) => renderFinding(finding, checkWidth, options))
  return `${[...lines, '', summarise(all)].join('\n')}\n`
}

/** `ok` is what the exit code says. */
export function findingsToJson(findings: readonly Finding[]): Record<string, unknown> {
  return {
    ok: !hasFailure(findings),
    passed: count(findings, 'ok'),
    warnings: count(findings, 'warning'),
    failures: count(findings, 'failure'),
    findings,
  }
}
