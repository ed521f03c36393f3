/**
 * Writes the table of settings into the README, between its two markers, from the table in the code.
 * Run: node build/settings-docs.ts
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { renderMarkdownTable } from '../src/settings/render.ts'

const BEGIN = '<!-- settings -->'
const END = '<!-- /settings -->'

/** The README with a current table; null when it has no markers. */
export function insertSettingsTable(readme: string): string | null {
  const begin = readme.indexOf(BEGIN)
  const end = readme.indexOf(END)
  if (begin < 0 || end < begin) return null
  return `${readme.slice(0, begin + BEGIN.length)}\n${renderMarkdownTable()}\n${readme.slice(end)}`
}

if (import.meta.main) {
  const file = new URL('../README.md', import.meta.url)
  const current = insertSettingsTable(readFileSync(file, 'utf8'))
  if (current === null) throw new Error(`README.md has no ${BEGIN} and ${END}`)
  writeFileSync(file, current)
}
