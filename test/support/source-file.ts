/** The files of src/ as the import rules look at them: what each imports, and its code without types and comments. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, relative } from 'node:path'
import { transform } from 'esbuild'

export interface Import {
  /** `node:fs`, a package, or for a file of ours its path under src/. */
  readonly target: string
  /** `import type`: nothing is loaded. */
  readonly typeOnly: boolean
  /** Loaded when it is used, not with the file. */
  readonly dynamic: boolean
  readonly line: number
}

export interface SourceFile {
  /** Under src/, with slashes. */
  readonly path: string
  readonly text: string
  /** As esbuild prints it: statements of the top level, and only they, begin in the first column. */
  readonly code: string
  readonly imports: readonly Import[]
}

const STATIC = /^(?:import|export)\s+(?:(type)\s+)?(?:[\w*{}\s,$]*?\sfrom\s+)?'([^']+)'/gm
const DYNAMIC = /\bimport\('([^']+)'\)/g

export async function readSources(root: string): Promise<SourceFile[]> {
  const paths = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort()
  return await Promise.all(paths.map((path) => parseSource(path, readFileSync(join(root, path), 'utf8'))))
}

export async function parseSource(path: string, text: string): Promise<SourceFile> {
  const plainStrings = { 'template-literal': false } // a template over several lines would look like statements
  const { code } = await transform(text, { loader: 'ts', legalComments: 'none', supported: plainStrings })
  return { path, text, code, imports: findImports(path, text) }
}

function findImports(path: string, text: string): Import[] {
  const found = (match: RegExpExecArray, target: string, typeOnly: boolean, dynamic: boolean): Import => ({
    target: target.startsWith('.') ? posix.normalize(posix.join(dirname(path), target)) : target,
    typeOnly,
    dynamic,
    line: lineAt(text, match.index),
  })
  return [
    ...[...text.matchAll(STATIC)].map((match) => found(match, match[2]!, match[1] === 'type', false)),
    ...[...text.matchAll(DYNAMIC)].map((match) => found(match, match[1]!, false, true)),
  ]
}

export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}
