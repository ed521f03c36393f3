/** The values of a TOML file that matter to settings; dates, floats and the like are `other`, named for messages. */
export type TomlValue =
  | { readonly kind: 'string'; readonly value: string }
  /** `text` as it was written: `0o27`, `1_000`. */
  | { readonly kind: 'integer'; readonly value: number; readonly text: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'list'; readonly items: readonly TomlValue[] }
  | { readonly kind: 'other'; readonly description: string }

/** One `key = value` of a file, its table's name in front, or the head of a table (value null). */
export interface TomlEntry {
  readonly key: readonly string[]
  readonly value: TomlValue | null
  /** 1 is the first line. */
  readonly line: number
}
