/** The `[jobs.TYPE]` tables of the settings file: which jobs there are, and how they are run. */
import { dirname, isAbsolute, resolve } from 'node:path'
import type { Finding } from '../preflight/finding.ts'
import type { JobType } from '../protocol.ts'
import { suggest } from './assignment.ts'
import { nearest } from './nearest.ts'
import { isProblem } from './parse-setting.ts'
import { parseTomlSetting } from './parse-toml-setting.ts'
import { NAME_PATTERN, type SettingValue } from './row.ts'
import { BUILT_IN_JOB_TYPES, isSettingName, JOB_TYPE_ROWS, type Settings } from './table.ts'
import type { TomlEntry, TomlValue } from './toml-value.ts'

type Key = keyof typeof JOB_TYPE_ROWS

export interface JobTypes {
  readonly jobTypes: Readonly<Record<string, JobType>>
  readonly findings: readonly Finding[]
}

/** `[jobs.resize]` and everything below it; `jobs.attempts = 3` is a setting. */
export function isOfJobType({ key, value }: TomlEntry): boolean {
  return key[0] === 'jobs' && (key.length > 2 || (key.length === 2 && value === null))
}

type Refuse = (line: number, message: string, advice: string) => void

/** Why a word cannot name a type of jobs, or null when it can. */
function refusalOfName(type: string): { message: string; advice: string } | null {
  const advice = 'Choose another name'
  if (BUILT_IN_JOB_TYPES.includes(type)) return { message: `the type of jobs "${type}" is built in`, advice }
  if (isSettingName(`jobs.${type}`)) {
    return { message: `jobs.${type} is a setting and cannot be a type of jobs`, advice }
  }
  if (NAME_PATTERN.test(type)) return null
  return {
    message: `"${type}" cannot be the name of a type of jobs`,
    advice: 'Use up to 64 letters, digits, ".", "_" and "-", a letter or digit first',
  }
}

/** The value of one key, or undefined when it was refused. */
function readKey(type: string, key: string, value: TomlValue, line: number, refuse: Refuse): SettingValue | undefined {
  const name = `jobs.${type}.${key}`
  if (!Object.hasOwn(JOB_TYPE_ROWS, key)) {
    const known = Object.keys(JOB_TYPE_ROWS)
    refuse(line, `there is no setting ${name}`, suggest(nearest(key, known), `Known are ${known.join(', ')}`))
    return undefined
  }
  const parsed = parseTomlSetting(JOB_TYPE_ROWS[key as Key], value)
  if (isProblem(parsed)) refuse(line, `${name} ${parsed.problem}`, parsed.advice)
  return isProblem(parsed) ? undefined : parsed.value
}

function isCommand(value: SettingValue): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value[0] !== '' && !value.some((word) => word.includes('\0'))
}

/** A program named with a relative path lies beside the file; one without a slash is looked up on PATH. */
function locateProgram([program = '', ...rest]: readonly string[], directory: string): string[] {
  return [program.includes('/') && !isAbsolute(program) ? resolve(directory, program) : program, ...rest]
}

function toJobType(given: ReadonlyMap<string, SettingValue>, settings: Settings, directory: string): JobType {
  const number = (key: Key, fallback: number) => Number(given.get(key) ?? fallback)
  const command = given.get('command') ?? []
  return {
    command: Array.isArray(command) && command.length > 0 ? locateProgram(command, directory) : [],
    attempts: number('attempts', settings['jobs.attempts']),
    timeoutMs: number('timeout', settings['jobs.timeout']),
    retryDelayMs: number('retryDelay', settings['jobs.retryDelay']),
    priority: number('priority', 0),
  }
}

/** The entries of each type, in the order of the file. */
function groupByType(entries: readonly TomlEntry[]): Map<string, TomlEntry[]> {
  return Map.groupBy(entries, ({ key }) => key[1] ?? '')
}

function readKeys(type: string, entries: readonly TomlEntry[], refuse: Refuse): Map<string, SettingValue> {
  const given = new Map<string, SettingValue>()
  for (const { key, value, line } of entries) {
    const name = key.slice(2).join('.')
    if (name === '') continue
    const typed = readKey(type, name, value ?? { kind: 'other', description: 'a table' }, line, refuse)
    if (name === 'command' && typed !== undefined && !isCommand(typed)) {
      refuse(line, `jobs.${type}.command names no program`, 'Write it as a list: ["program", "argument"]')
    }
    given.set(name, typed ?? null)
  }
  return given
}

/** A type whose name is right. What is wrong with its keys is refused and follows the settings instead. */
function readJobType(
  type: string,
  entries: readonly TomlEntry[],
  { settings, file, needsCommand }: Surroundings,
  refuse: Refuse,
): JobType {
  const line = entries[0]?.line ?? 0
  const given = readKeys(type, entries, refuse)
  if (needsCommand && !given.has('command')) {
    refuse(line, `nothing can run jobs of type ${type}`, 'Give the type a command = ["program", "argument"]')
  }
  const jobType = toJobType(given, settings, dirname(file))
  if (given.has('retryDelay') && jobType.retryDelayMs > settings['jobs.retryDelayMax']) {
    const advice = 'Make the first shorter or the second longer'
    refuse(line, `jobs.${type}.retryDelay is longer than jobs.retryDelayMax`, advice)
  }
  return jobType
}

/** What the types are read with. */
export interface Surroundings {
  readonly settings: Settings
  readonly file: string
  /** Whether no service is there to run a type without a command. */
  readonly needsCommand: boolean
}

/** @param entries those for which `isOfJobType` holds */
export function readJobTypes(entries: readonly TomlEntry[], surroundings: Surroundings): JobTypes {
  const { file } = surroundings
  const findings: Finding[] = []
  const refuse: Refuse = (line, message, advice) =>
    findings.push({ level: 'failure', check: 'settings', message, advice, file, line })
  const jobTypes: Record<string, JobType> = {}
  for (const [type, ofType] of groupByType(entries)) {
    const refusal = refusalOfName(type)
    if (refusal === null) jobTypes[type] = readJobType(type, ofType, surroundings, refuse)
    else refuse(ofType[0]?.line ?? 0, refusal.message, refusal.advice)
  }
  return { jobTypes, findings }
}
