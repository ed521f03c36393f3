/** Reads the settings file. */
import { errnoOf, messageOf } from '../errors.ts'
import type { Finding } from '../preflight/finding.ts'
import { readBounded } from './bounded-file.ts'
import type { TomlEntry } from './toml-value.ts'

export interface ConfigFile {
  /** null when there is no file. */
  readonly file: string | null
  readonly entries: readonly TomlEntry[]
  readonly findings: readonly Finding[]
}

export const NO_CONFIG_FILE: ConfigFile = { file: null, entries: [], findings: [] }

function refuse(file: string, message: string, advice: string, line?: number): ConfigFile {
  const finding: Finding = { level: 'failure', check: 'settings', message, advice, file }
  return { file, entries: [], findings: [line === undefined ? finding : { ...finding, line }] }
}

/**
 * @param file absolute
 * @param isRequired whether it was named, so that it has to be there
 */
export async function readConfigFile(file: string, isRequired: boolean): Promise<ConfigFile> {
  let text: ReturnType<typeof readBounded>
  try {
    text = readBounded(file, 'the settings file')
  } catch (error) {
    const isMissing = errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR'
    if (isMissing && !isRequired) return NO_CONFIG_FILE
    if (isMissing) return refuse(file, 'there is no such settings file', 'Check the path given with --config')
    return refuse(file, `the settings file cannot be read (${messageOf(error)})`, 'Check owner and mode of the file')
  }
  if (typeof text !== 'string') return refuse(file, text.problem, text.advice)
  const { parseToml } = await import('./toml.ts')
  const parsed = parseToml(text)
  if (parsed.ok) return { file, entries: parsed.entries, findings: [] }
  return refuse(file, `not TOML: ${parsed.problem}`, 'Correct this line; what follows it was not read', parsed.line)
}
