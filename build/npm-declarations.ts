/**
 * The declarations of the npm package: one index.d.ts with what a service's author can name, and what that needs, out of
 * the declarations that tsc makes of the sources. They import each other as `.ts` files, which a consumer's tsc refuses.
 * tsc prints one form only, each declaration beginning in the first column, so that lines are enough to tell them apart.
 */

import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import { MydError } from '../src/errors.ts'

/** Options of tsconfig.json that have a say in what is printed. */
const OPTIONS = [
  ...['--ignoreConfig', '--declaration', '--emitDeclarationOnly', '--allowImportingTsExtensions', '--strict'],
  ...[
    '--exactOptionalPropertyTypes',
    '--skipLibCheck',
    '--target',
    'esnext',
    '--module',
    'nodenext',
    '--types',
    'node',
  ],
]

/** @param entry relative to src/ @returns path below src/ → declarations, of the entry and all that it imports */
export function emitDeclarations(root: string, entry: string): Map<string, string> {
  const directory = mkdtempSync(join(tmpdir(), 'myd-declarations-'))
  try {
    const program = join(root, 'node_modules', '.bin', 'tsc')
    const where = ['--rootDir', join(root, 'src'), '--outDir', directory, join(root, 'src', entry)]
    const result = spawnSync(program, [...OPTIONS, ...where], { cwd: root, encoding: 'utf8' })
    if (result.status !== 0) throw new MydError('CHECK_FAILED', `tsc: ${result.error?.message ?? result.stdout}`)
    const paths = globSync('**/*.d.ts', { cwd: directory }).sort()
    return new Map(paths.map((path) => [path.replace(/\.d\.ts$/, '.ts'), readFileSync(join(directory, path), 'utf8')]))
  } finally {
    rmSync(directory, { recursive: true })
  }
}

interface Declaration {
  readonly name: string
  readonly text: string
}

interface Module {
  readonly path: string
  readonly declarations: readonly Declaration[]
  /** Name → path below src/, or the name of a module of Node. */
  readonly imports: ReadonlyMap<string, string>
}

const BEGINNING = /^(import|export|declare|type|interface|const|function|class|abstract)\b/
const DECLARATION = /^(?:export )?(?:declare )?(?:abstract )?(?:type|interface|const|function|class) ([\w$]+)/
const IMPORT = /^import (?:type )?\{(.*)\} from '(.*)';/s

/** A statement with the comment right above it; the comment on the file itself is left out. */
function splitStatements(text: string): string[] {
  const statements: string[] = []
  let comment = ''
  let isInComment = false
  for (const line of text.split('\n')) {
    if (line.startsWith('/*')) comment = ''
    isInComment ||= line.startsWith('/*')
    if (isInComment) {
      comment += `${line}\n`
      isInComment = !line.endsWith('*/')
    } else if (BEGINNING.test(line)) {
      statements.push(`${comment}${line}\n`)
      comment = ''
    } else if (line !== '') {
      statements.push(`${statements.pop() ?? ''}${line}\n`)
    }
  }
  return statements
}

const withoutComments = (text: string): string => text.replace(/\/\*.*?\*\//gs, '').trimStart()

function parseModule(path: string, text: string): Module {
  const declarations: Declaration[] = []
  const imports = new Map<string, string>()
  for (const statement of splitStatements(text)) {
    const code = withoutComments(statement)
    const [, names, from = ''] = IMPORT.exec(code) ?? []
    const name = DECLARATION.exec(code)?.[1]
    if (names !== undefined) readImport(names, resolveModule(path, from), imports)
    else if (name !== undefined) declarations.push({ name, text: statement })
    else if (!code.startsWith('export {};')) throw new MydError('CHECK_FAILED', `${path} declares ${code}`)
  }
  return { path, declarations, imports }
}

const resolveModule = (path: string, from: string): string =>
  from.startsWith('.') ? posix.join(posix.dirname(path), from) : from

function readImport(names: string, from: string, imports: Map<string, string>): void {
  for (const each of names.split(',').map((name) => name.trim().replace(/^type /, ''))) {
    if (each.includes(' as ')) throw new MydError('CHECK_FAILED', `an import with another name: ${each} of ${from}`)
    if (each !== '') imports.set(each, from)
  }
}

/** What a declaration needs, found by following every word of it. */
class Closure {
  readonly #modules: ReadonlyMap<string, Module>
  readonly #found = new Map<string, { readonly module: Module; readonly texts: readonly string[] }>()
  readonly #foreign = new Map<string, Set<string>>()

  constructor(modules: ReadonlyMap<string, Module>) {
    this.#modules = modules
  }

  add(module: Module, name: string): void {
    const texts = module.declarations.filter((each) => each.name === name).map(({ text }) => text)
    if (texts.length > 0) return this.#collect(module, name, texts)
    const from = module.imports.get(name)
    if (from === undefined) return // a property, or a name that the language knows
    const other = this.#modules.get(from)
    if (other !== undefined) this.add(other, name)
    else this.#foreign.set(from, (this.#foreign.get(from) ?? new Set()).add(name))
  }

  #collect(module: Module, name: string, texts: readonly string[]): void {
    const before = this.#found.get(name)
    if (before?.module === module) return
    if (before !== undefined) throw new MydError('CHECK_FAILED', `${name} is declared in two files`)
    this.#found.set(name, { module, texts })
    for (const [word] of withoutComments(texts.join('')).matchAll(/[A-Za-z_$][\w$]*/g)) this.add(module, word)
  }

  /** @param isPublic whether a declaration is one of the package's exports */
  print(isPublic: (module: Module, text: string, name: string) => boolean): string {
    const imports = [...this.#foreign].map(([from, names]) => {
      return `import type { ${[...names].sort().join(', ')} } from '${from}';\n`
    })
    const declarations = [...this.#found].flatMap(([name, { module, texts }]) =>
      texts.map((text) => (isPublic(module, text, name) ? text : text.replace(/^export /m, ''))),
    )
    return [...imports.sort(), ...declarations, 'export {};\n'].join('')
  }
}

/**
 * @param sources path below src/ → declarations
 * @param values names of functions and constants that the package exports; of types it exports all that the entry does
 * @throws MydError CHECK_FAILED when two files declare one name, or a form is met that is not known here
 */
export function bundleDeclarations(
  sources: ReadonlyMap<string, string>,
  entry: string,
  values: readonly string[],
): string {
  const modules = new Map([...sources].map(([path, text]) => [path, parseModule(path, text)]))
  const first = modules.get(entry)
  if (first === undefined) throw new MydError('CHECK_FAILED', `tsc made no declarations of ${entry}`)
  const closure = new Closure(modules)
  for (const { name, text } of first.declarations) if (isExported(text, name, values)) closure.add(first, name)
  return closure.print((module, text, name) => module === first && isExported(text, name, values))
}

function isExported(text: string, name: string, values: readonly string[]): boolean {
  const code = withoutComments(text)
  return /^export (type|interface)\b/.test(code) || (code.startsWith('export ') && values.includes(name))
}
