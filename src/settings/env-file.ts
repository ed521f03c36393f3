/** Reads the file of --env-file: `NAME=value` in lines, comments, quotes over several lines; as `node --env-file` reads it. */
import { parseEnv } from 'node:util'
import { errnoOf, messageOf } from '../errors.ts'
import type { Finding } from '../preflight/finding.ts'
import { readBounded } from './bounded-file.ts'

export interface EnvFile {
  readonly variables: Readonly<Record<string, string>>
  readonly findings: readonly Finding[]
}

const NO_ENV_FILE: EnvFile = { variables: {}, findings: [] }

/** @param file absolute; null for none */
export function readEnvFile(file: string | null): EnvFile {
  if (file === null) return NO_ENV_FILE
  const refuse = (message: string, advice: string, line?: number): EnvFile => ({
    variables: {},
    findings: [{ level: 'failure', check: 'flag', message, advice, file, ...(line === undefined ? {} : { line }) }],
  })
  try {
    const text = readBounded(file, 'the file of --env-file')
    if (typeof text !== 'string') return refuse(text.problem, text.advice)
    const line = findMalformed(text)
    if (line !== null) return refuse('this line gives no variable', 'Write NAME=value, or # before a comment', line)
    return { variables: parseEnv(text) as Record<string, string>, findings: [] }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') {
      return refuse('there is no such file of variables', 'Check the path given with --env-file')
    }
    return refuse(`the file of --env-file cannot be read (${messageOf(error)})`, 'Check owner and mode of the file')
  }
}

/** What `parseEnv` understands, entry by entry; it jumps over everything else without a word. */
const ENTRY =
  /[^\S\n]*(?:#.*|(?:export\s+)?[A-Za-z_][\w.-]*[^\S\n]*=[^\S\n]*(?:"[^"]*"[^\n]*|'[^']*'[^\n]*|`[^`]*`[^\n]*|(?!["'`]).*))?(?:\n|$)/y

/** @returns the number of the first line that is neither a variable nor a comment; null when there is none */
export function findMalformed(text: string): number | null {
  const source = text.replaceAll('\r\n', '\n')
  for (let at = 0; at < source.length; at = ENTRY.lastIndex) {
    ENTRY.lastIndex = at
    if (!ENTRY.test(source)) return source.slice(0, at).split('\n').length
  }
  return null
}
