/** Flattens a TOML document to entries with their lines. Loaded only when there is a file: the parser takes time. */
import { type AST, ParseError, parseTOML } from 'toml-eslint-parser'
import type { TomlEntry, TomlValue } from './toml-value.ts'

export type TomlResult =
  | { readonly ok: true; readonly entries: readonly TomlEntry[] }
  | { readonly ok: false; readonly problem: string; readonly line: number }

/** @param text of a whole file. @returns every entry in the order of the file, or the first syntax error. */
export function parseToml(text: string): TomlResult {
  const source = text.replace(/^\uFEFF/, '')
  try {
    const program = parseTOML(source, { tomlVersion: '1.0' })
    return { ok: true, entries: program.body[0].body.flatMap((node) => flatten(node, [])) }
  } catch (error) {
    if (!(error instanceof ParseError)) throw error
    return { ok: false, problem: error.message, line: lineOf(error, source) }
  }
}

/** A missing value is noticed only at the next word, perhaps lines later: its place is that of the `=`. */
function lineOf(error: ParseError, source: string): number {
  const before = source.slice(0, error.index).trimEnd()
  return before.endsWith('=') ? before.split('\n').length : error.lineNumber
}

function namesOf(key: AST.TOMLKey): string[] {
  return key.keys.map((part) => (part.type === 'TOMLBare' ? part.name : part.value))
}

function flatten(node: AST.TOMLKeyValue | AST.TOMLTable, parent: readonly string[]): TomlEntry[] {
  const key = [...parent, ...namesOf(node.key)]
  const line = node.loc.start.line
  if (node.type === 'TOMLKeyValue') {
    if (node.value.type !== 'TOMLInlineTable') return [{ key, value: tomlValueOf(node.value), line }]
    return [{ key, value: null, line }, ...node.value.body.flatMap((child) => flatten(child, key))]
  }
  if (node.kind === 'array') return [{ key, value: { kind: 'other', description: 'a list of tables' }, line }]
  return [{ key, value: null, line }, ...node.body.flatMap((child) => flatten(child, key))]
}

function tomlValueOf(node: AST.TOMLContentNode): TomlValue {
  if (node.type === 'TOMLArray') return { kind: 'list', items: node.elements.map(tomlValueOf) }
  if (node.type === 'TOMLInlineTable') return { kind: 'other', description: 'a table' }
  switch (node.kind) {
    case 'string':
      return { kind: 'string', value: node.value }
    case 'integer':
      return { kind: 'integer', value: node.value, text: node.number }
    case 'boolean':
      return { kind: 'boolean', value: node.value }
    case 'float':
      return { kind: 'other', description: `${node.number}, a fraction` }
    default:
      return { kind: 'other', description: `${node.datetime}, a date` }
  }
}
