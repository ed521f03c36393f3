/** Reads the settings file, bounded and without being held up by what is no file. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { errnoOf, messageOf } from '../errors.ts'
import type { Finding } from '../preflight/finding.ts'
import type { TomlEntry } from './toml-value.ts'

export const CONFIG_LIMIT_BYTES = 1024 * 1024

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

/** O_NONBLOCK: a pipe without a writer must not hold the start up. */
function readBounded(file: string): string | { problem: string; advice: string } {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  try {
    const stat = fstatSync(fd)
    const advice = 'Name a file with settings (TOML)'
    if (!stat.isFile()) return { problem: 'the settings file is not a regular file', advice }
    if (stat.size > CONFIG_LIMIT_BYTES) return { problem: 'the settings file is larger than 1 MiB', advice }
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(fd))
  } catch (error) {
    if (errnoOf(error) !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw error
    return { problem: 'the settings file is not UTF-8', advice: 'Save it as UTF-8' }
  } finally {
    closeSync(fd)
  }
}

/**
 * @param file absolute
 * @param isRequired whether it was named, so that it has to be there
 */
export async function readConfigFile(file: string, isRequired: boolean): Promise<ConfigFile> {
  let text: ReturnType<typeof readBounded>
  try {
    text = readBounded(file)
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
