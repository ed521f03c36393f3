/** Why a service file cannot be loaded, for people: what is wrong, in which line, and what to do. */
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { basename, dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { errnoOf, MydError, messageOf } from '../errors.ts'
import { sourcesOf } from './imports-own.ts'

export interface LoadProblem {
  readonly message: string
  /** What to do, a sentence; null when it is for the author to see. */
  readonly hint: string | null
}

const PACK = 'pack it with myd build (not in this version yet)'

/** What Node would run into only later, or say badly. @throws MydError SETTINGS */
export function refuseFile(path: string): void {
  const refuse = (message: string, hint: string) => new MydError('SETTINGS', message, { path, hint })
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) throw refuse(`there is no ${path}`, 'check the path of the service file')
  if (stat.isDirectory()) throw refuse(`${path} is a directory`, `name the file in it, as in ${join(path, 'index.js')}`)
  if (!stat.isFile()) throw refuse(`${path} is not a regular file`, 'name a file of JavaScript or TypeScript')
  const extension = extname(path)
  if (extension === '.tsx' || extension === '.jsx') {
    throw refuse(`${path} cannot be run: JSX is more than types, which is all that is stripped`, PACK)
  }
  try {
    accessSync(path, constants.R_OK)
  } catch (error) {
    if (errnoOf(error) !== 'EACCES') throw error
    throw refuse(`${path} cannot be read (permission denied)`, 'check its owner and mode')
  }
}

/** @param error what loading `path` threw */
export function explainLoadError(error: unknown, path: string): LoadProblem {
  const place = placeOf(error) ?? (error instanceof SyntaxError ? findSyntaxError(path) : null)
  const where = place === null ? path : `${place.file}:${place.line}`
  const at = (message: string, hint: string | null = null): LoadProblem => ({ message: `${where}: ${message}`, hint })
  switch (errnoOf(error)) {
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
      return at(...explainTypeScript(messageOf(error)))
    case 'ERR_MODULE_NOT_FOUND':
    case 'MODULE_NOT_FOUND':
      return explainMissing(error as Error, path)
    default:
      if (error instanceof SyntaxError) return at(`syntax error: ${messageOf(error)}`, adviseSyntax(messageOf(error)))
      return {
        message: `${path} cannot be loaded: ${messageOf(error)}${place === null ? '' : ` (${where})`}`,
        hint: null,
      }
  }
}

const REPLACEMENTS: readonly (readonly [RegExp, string])[] = [
  [/enum/, 'use a union of words or an object “as const”'],
  [/parameter propert/, 'declare the property and assign it in the constructor'],
  [/namespace|module/, 'use a module of its own'],
  [/import (equals|assignment)|import .*=/, 'use import … from'],
]

function explainTypeScript(message: string): [string, string] {
  const what = /^(?:TypeScript )?(.*?) (?:is|are) not supported/.exec(message)?.[1] ?? message
  const [, replacement] = REPLACEMENTS.find(([pattern]) => pattern.test(what)) ?? [null, 'write it in plain JavaScript']
  return [`TypeScript’s ${what} is more than a type, and types are all that is stripped`, `${replacement}, or ${PACK}`]
}

function adviseSyntax(message: string): string | null {
  if (message.includes('import statement outside a module') || message.includes("Unexpected token 'export'")) {
    return 'the package.json above it says CommonJS: write "type": "module" there, or name the file .mjs or .mts'
  }
  return null
}

/** The file or the package that an import names, and who imports it. */
function explainMissing(error: Error, path: string): LoadProblem {
  const [, kind, wanted = '', importer] =
    /^Cannot find (module|package) '([^']*)'(?: imported from (.*))?/.exec(error.message) ?? []
  const required = 'requireStack' in error && Array.isArray(error.requireStack) ? error.requireStack[0] : undefined
  const from = importer ?? (typeof required === 'string' ? required : path)
  const where = locateImport(from, wanted)
  const isPackage = kind === 'package' || !/^[./]/.test(wanted)
  if (isPackage) {
    const name = wanted
      .split('/')
      .slice(0, wanted.startsWith('@') ? 2 : 1)
      .join('/')
    return { message: `${where}: there is no package ${wanted}`, hint: `run npm install ${name} in ${dirname(path)}` }
  }
  const missing = wanted.startsWith('.') ? join(dirname(from), wanted) : wanted
  return { message: `${where}: there is no ${missing}`, hint: adviseFile(missing) }
}

/** Node says who imports it, and not where. @param wanted a package, or a file as it was resolved */
function locateImport(file: string, wanted: string): string {
  const last = basename(wanted)
  const naming = sourcesOf(file)[0]
  const specifier = naming?.imports.find(
    (one) => one === wanted || one.startsWith(`${wanted}/`) || basename(one) === last,
  )
  if (naming === undefined || specifier === undefined) return file
  const index = naming.text.split('\n').findIndex((line) => /['"]/.test(line) && line.includes(specifier))
  return index < 0 ? file : `${file}:${index + 1}`
}

/** TypeScript is told to write the name of what it will become; here nothing becomes anything. */
function adviseFile(missing: string): string {
  const stem = missing.replace(/\.[cm]?jsx?$/, '')
  const found = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs', '/index.ts', '/index.js']
    .map((ending) => `${stem}${ending}`)
    .find((file) => file !== missing && existsSync(file))
  if (found === undefined) return 'check the name in the import'
  const near = found.startsWith(`${stem}/`) ? `${basename(stem)}/${basename(found)}` : basename(found)
  return `write its real name in the import: ./${near}`
}

interface Place {
  readonly file: string
  /** 1 is the first line. */
  readonly line: number
}

/** V8 prints the place of a syntax error above it; of what was thrown, the first frame outside of Node has it. */
export function placeOf(error: unknown): Place | null {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const above = /^((?:file:\/\/)?\/.*):(\d+)$/m.exec(stack.split('\n', 1)[0] ?? '')
  const frame = above ?? /^ {4}at (?:.* \()?((?:file:\/\/)?\/[^()]*?):(\d+):\d+\)?$/m.exec(stack)
  if (frame === null) return null
  const [, file = '', line] = frame
  return { file: file.startsWith('file:') ? fileURLToPath(file) : file, line: Number(line) }
}

/** Of a module of ESM that it cannot read V8 says no place here: the first of its files that another parser refuses. */
function findSyntaxError(path: string): Place | null {
  for (const { path: file, text } of sourcesOf(path)) {
    try {
      stripTypeScriptTypes(text, { sourceUrl: file })
    } catch (error) {
      return placeOf(error) ?? { file, line: 1 }
    }
  }
  return null
}
