/** What the subcommands of `job` are given, and how they read what was typed. */
import { MydError } from '../errors.ts'
import type { JobClient } from '../job/client.ts'
import { DURATION_LIMIT_MS } from '../job/wire.ts'
import { formatDurationValue, parseDuration } from '../settings/units.ts'
import type { CommandContext } from './context.ts'

export interface JobCall {
  readonly context: CommandContext
  /** Behind the subcommand. */
  readonly args: readonly string[]
  readonly client: JobClient
  readonly instance: string
}

/** @returns the exit code */
export type JobCommand = (call: JobCall) => Promise<number>

export function flagOf({ context }: JobCall, name: string): string | undefined {
  return context.flags.get(name)?.[0]
}

/** @throws MydError USAGE */
export function integerFlag(call: JobCall, name: string, min: number, max: number): number | undefined {
  const text = flagOf(call, name)
  return text === undefined ? undefined : toInteger(`--${name}`, text, min, max)
}

/** @throws MydError USAGE */
export function toInteger(what: string, text: string, min: number, max: number): number {
  const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new MydError('USAGE', `${what} is “${text}”`, { hint: `give a whole number from ${min} to ${max}` })
}

/** @throws MydError USAGE */
export function durationFlag(call: JobCall, name: string): number | undefined {
  const text = flagOf(call, name)
  return text === undefined ? undefined : toDuration(`--${name}`, text)
}

/** @throws MydError USAGE */
export function toDuration(what: string, text: string): number {
  const valueMs = parseDuration(text)
  if (valueMs !== null && valueMs <= DURATION_LIMIT_MS) return valueMs
  const hint =
    valueMs === null
      ? 'give a duration: 500ms, 30s, 5m, 1h30m, 2d'
      : `give at most ${formatDurationValue(DURATION_LIMIT_MS)}`
  throw new MydError('USAGE', `${what} is “${text}”`, { hint })
}

/** The ids of jobs among the arguments. @throws MydError USAGE when there is none, or something else */
export function idsOf({ args }: JobCall): number[] {
  if (args.length === 0) throw new MydError('USAGE', 'which job?', { hint: 'give its id; job list shows them' })
  return args.map((text) => {
    if (/^\d{1,15}$/.test(text) && Number(text) > 0) return Number(text)
    throw new MydError('USAGE', `“${text}” is not the id of a job`, { hint: 'an id is a number, as job add prints it' })
  })
}

/** A sentence for people. */
export function say({ context, instance }: JobCall, sentence: string): void {
  if (!context.quiet) context.stderr(`${instance}: ${sentence}\n`)
}

export function printJson({ context }: JobCall, value: unknown): void {
  context.stdout(`${JSON.stringify(value)}\n`)
}
