/** A setting of a service as its author declares it, and the type of its value. Types only. */

interface Declared<T extends string, D> {
  readonly type: T
  /** As it would be written in a file; null: it may be left unset. Without a default it must be given. */
  readonly default?: D | null
  /** One sentence without full stop. */
  readonly help: string
}

interface Bounded<B> {
  readonly min?: B
  readonly max?: B
}

/**
 * A duration is written `'30s'`, its value is in milliseconds; a size is written `'64MiB'`, its value is in bytes. The
 * value of a path is absolute: a relative one starts where it was written. An enum is one of a few words.
 */
export type OwnSetting =
  | Declared<'string', string>
  | Declared<'boolean', boolean>
  | (Declared<'integer', number> & Bounded<number>)
  | (Declared<'duration', string> & Bounded<string>)
  | (Declared<'size', string> & Bounded<string>)
  | (Declared<'path', string> & { readonly default?: `/${string}` | null })
  | Declared<'list', readonly string[]>
  | (Declared<'enum', string> & { readonly values: readonly string[] })

export type OwnSettings = Readonly<Record<string, OwnSetting>>

interface ValueOfType {
  readonly string: string
  readonly boolean: boolean
  readonly integer: number
  readonly duration: number
  readonly size: number
  readonly path: string
  readonly list: readonly string[]
}

type ValueOf<D extends OwnSetting> = D extends { readonly values: readonly (infer Word)[] }
  ? Word
  : D['type'] extends keyof ValueOfType
    ? ValueOfType[D['type']]
    : string

/** The values of declared settings by name. */
export type SettingsOf<S extends OwnSettings> = {
  readonly [Name in keyof S]: ValueOf<S[Name]> | (S[Name] extends { readonly default: null } ? null : never)
}
