/** Types a value of the settings file: it must have the setting's own type there (8, not "8"), but for a list of one. Pure. */
import { checkValue, type Parsed, parseSetting, refuse } from './parse-setting.ts'
import type { Row } from './row.ts'
import type { TomlValue } from './toml-value.ts'

function parseTomlInteger(row: Row, value: Extract<TomlValue, { kind: 'integer' }>): Parsed {
  if (row.type === 'integer') return checkValue(row, value.value)
  if (row.type === 'list') return parseTomlWord(row, String(value.value))
  if (row.type === 'octal' && value.text.startsWith('0o'))
    return checkValue(row, value.value, (n) => `0o${n.toString(8)}`)
  if (row.type === 'duration' || row.type === 'size') {
    const unit = row.type === 'duration' ? 's' : 'B'
    return refuse(row, value.text, `The unit is missing: write "${value.text}${unit}", for example`)
  }
  return refuse(
    row,
    value.text,
    row.type === 'octal' ? 'Write it in quotes, as in "0027"' : `Write "${value.text}" in quotes`,
  )
}

function parseTomlList(row: Row, items: readonly TomlValue[]): Parsed {
  if (row.type !== 'list') return refuse(row, 'a list')
  const words: string[] = []
  for (const item of items) {
    if (item.kind !== 'string' && item.kind !== 'integer')
      return refuse(row, 'a list with something else in it', 'Put every word of the list in quotes')
    words.push(String(item.value))
  }
  return { value: words }
}

/** One word is a list of one. Several may be meant as a list, or as one with spaces in it: nobody can know. */
function parseTomlWord(row: Row, word: string): Parsed {
  if (/^[^\s,]+$/.test(word)) return { value: [word] }
  return refuse(row, `text ("${word}")`, 'Write it as a list: ["first", "second"]')
}

/** @returns the typed value, or what is wrong with it and what to write instead. */
export function parseTomlSetting(row: Row, value: TomlValue): Parsed {
  switch (value.kind) {
    case 'integer':
      return parseTomlInteger(row, value)
    case 'boolean':
      return row.type === 'boolean' ? { value: value.value } : refuse(row, String(value.value))
    case 'list':
      return parseTomlList(row, value.items)
    case 'other':
      return refuse(row, value.description)
    case 'string': {
      const wantsBare = row.type === 'boolean' || (row.type === 'integer' && value.value !== 'auto')
      if (wantsBare) return refuse(row, `text ("${value.value}")`, 'Write it without quotes')
      if (row.type === 'list') return parseTomlWord(row, value.value)
      return parseSetting(row, value.value)
    }
  }
}
