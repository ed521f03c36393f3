/** What a row of the settings table can be, and the words that make one. Pure. */

/** How a setting is written and what it becomes: durations are milliseconds, sizes bytes, octal a number. */
interface ValueOfType {
  readonly string: string
  readonly boolean: boolean
  readonly integer: number
  readonly duration: number
  readonly size: number
  readonly octal: number
  readonly path: string
  readonly list: readonly string[]
  readonly enum: string
}

export type SettingType = keyof ValueOfType
export type SettingValue = ValueOfType[SettingType] | null

export interface Row<T extends SettingType = SettingType, D extends string | null = string | null> {
  readonly type: T
  /** As it would be written in a file; null: not set. */
  readonly default: D
  /** One sentence without full stop. */
  readonly help: string
  /** The flag of its own, without dashes; the others are given by `--set`. */
  readonly flag?: string
  /** In the unit of the value. */
  readonly min?: number
  readonly max?: number
  /** The words of an enum. */
  readonly values?: readonly string[]
  readonly pattern?: RegExp
  /** `auto` is allowed: the host decides. */
  readonly auto?: true
  /** The default depends on user and host; `default` describes it for people. */
  readonly computed?: true
}

export type ValueOf<R> = R extends Row<infer T, infer D> ? ValueOfType[T] | (null extends D ? null : never) : never

type Options = Omit<Partial<Row>, 'type' | 'default' | 'help'>

/** Timers of Node count at most 2^31 - 1 ms, a little over 24 days. */
export const DURATION_MAX_MS = 24 * 86_400_000

/** What names an instance or a type of job: it becomes part of file names. */
export const NAME_PATTERN = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$/

export const row =
  <T extends SettingType>(type: T, basis: Options = {}) =>
  <D extends string | null>(initial: D, help: string, options: Options = {}): Row<T, D> => ({
    ...basis,
    ...options,
    type,
    default: initial,
    help,
  })

export const text = row('string')
export const boolean = row('boolean')
export const integer = row('integer', { min: 0, max: Number.MAX_SAFE_INTEGER })
export const duration = row('duration', { min: 0, max: DURATION_MAX_MS })
export const size = row('size', { min: 0, max: Number.MAX_SAFE_INTEGER })
export const octal = row('octal', { min: 0, max: 0o777 })
export const path = row('path')
export const list = row('list')
export const oneOf = (values: readonly string[]) => row('enum', { values })

/** A setting of a service as data, for it goes from process to process; see service/describe-settings.ts. */
export interface ServiceRow {
  readonly type: Exclude<SettingType, 'octal'>
  /** Typed, as the value is; null: not set. Without it the setting must be given. */
  readonly default?: SettingValue
  readonly help: string
  readonly min?: number
  readonly max?: number
  readonly values?: readonly string[]
}

/** By name, without the section. */
export type ServiceSchema = Readonly<Record<string, ServiceRow>>

/** The row by which a value that was given for it is typed. */
export function toRow({ type, help, min, max, values }: ServiceRow): Row {
  const bounds = { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) }
  return { type, help, default: null, ...bounds, ...(values === undefined ? {} : { values }) }
}
