/** Each file is loaded by a process of its own: it becomes the main module there. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { importsOwn } from './imports-own.ts'

const directory = mkdtempSync(join(tmpdir(), 'myd-load-service-'))
after(() => rmSync(directory, { recursive: true }))

const at = (name: string) => join(directory, name)

function write(name: string, text: string): string {
  mkdirSync(dirname(at(name)), { recursive: true })
  writeFileSync(at(name), text)
  return at(name)
}

const FIXTURE = resolve('test/fixtures/load-service.ts')

/** @returns what the file printed, and what came of loading it */
async function load(path: string): Promise<{ printed: string; result: Record<string, unknown> }> {
  const words = ['--disable-warning=ExperimentalWarning', FIXTURE, path]
  const { stdout } = await promisify(execFile)(process.execPath, words, { env: {}, cwd: directory })
  const lines = stdout.trimEnd().split('\n')
  return { printed: lines.slice(0, -2).join('\n'), result: JSON.parse(lines.at(-1) ?? '') }
}

const DEFINE = "import { defineService } from 'myd'\n"

const defined: readonly (readonly [string, string, string?])[] = [
  ['a.mjs', `${DEFINE}export default defineService({ name: import.meta.main ? 'main' : 'imported' })`],
  ['a.ts', `${DEFINE}const name: string = await Promise.resolve('main')\nexport default defineService({ name })`],
  [
    'a.cjs',
    "const { defineService } = require('myd')\nmodule.exports = defineService({ name: require.main === module ? 'main' : '' })",
  ],
  [
    'deep.cjs',
    "exports.__esModule = true\nexports.default = require('./inner.cjs').defineService({ name: 'main' })",
    "module.exports = require('myd')",
  ],
]

for (const [name, text, inner] of defined) {
  test(`a definition in ${name}`, async () => {
    if (inner !== undefined) write('inner.cjs', inner)
    const { result } = await load(write(name, text))
    assert.deepEqual(result, { kind: 'defined', service: { name: 'main' } })
  })
}

for (const [name, isMain] of [
  ['plain.mjs', 'import.meta.main'],
  ['plain.cjs', 'require.main === module'],
]) {
  test(`${name} is run as node runs it`, async () => {
    const path = write(name ?? '', `console.log(${isMain}, process.argv.length, process.argv[1])`)
    const { printed, result } = await load(path)
    assert.equal(printed, `true 2 ${path}`)
    assert.deepEqual(result, { kind: 'unmodified' })
  })
}

test('who imports myd, by itself or by its own files; types alone do not count', () => {
  write('types.ts', "import type { Job } from 'myd'\nimport { type Log } from 'myd'\nexport type A = Job & Log")
  write('own/define.ts', `${DEFINE}export const define = defineService`)
  write('own/index.cjs', "require('./more')")
  write('own/more.js', "require('myd')")
  const isOwn = (text: string) => importsOwn(write('asked.ts', text))
  assert.equal(isOwn("import './types.ts'\n// import 'myd'\nimport 'express'"), false)
  assert.equal(isOwn("export * from './own/define.ts'"), true)
  assert.equal(isOwn("const x = await import('./own/index.cjs')"), true)
  assert.equal(isOwn("import './asked.ts'\nimport './gone.ts'\nconst s = `import 'myd'`"), false)
  assert.equal(importsOwn(at('gone.ts')), false)
})

const wrong: readonly (readonly [string, string, RegExp, RegExp?])[] = [
  ['none.mjs', DEFINE, /none\.mjs exports no service$/, /export default defineService/],
  [
    'member.mjs',
    `${DEFINE}export default defineService({ timer: {} })`,
    /member\.mjs: timer is no member of a service/,
  ],
  ['throws.mjs', `${DEFINE}\nthrow new Error('boo')`, /throws\.mjs cannot be loaded: boo \(.*throws\.mjs:3\)$/],
  ['throws.cjs', "require('myd')\nthrow new Error('boo')", /throws\.cjs cannot be loaded: boo \(.*throws\.cjs:2\)$/],
  ['seven.mjs', 'throw 7', /seven\.mjs cannot be loaded: 7$/],
  [
    'loose.mjs',
    "\nPromise.reject(new Error('loose'))\nawait new Promise(() => setTimeout(() => {}, 1e6))",
    /loose \(.*:2\)$/,
  ],
  ['enum.ts', '\nenum A { X }', /enum\.ts:2: TypeScript’s enum is more than a type/, /union of words .*, or pack it/],
  ['property.ts', 'class A { constructor(private x: number) {} }', /property\.ts:1: .*parameter property/, /assign it/],
  ['namespace.ts', 'namespace A { export const b = 1 }', /namespace\.ts:1: .*namespace/, /a module of its own/],
  ['syntax.mjs', 'let x = 1\nlet y = ;', /syntax\.mjs:2: syntax error: Unexpected token ';'$/],
  ['syntax.cjs', 'let x = 1\nlet y = ;', /syntax\.cjs:2: syntax error: Unexpected token ';'$/],
  ['syntax.ts', 'let x: number = 1\nlet y = ;', /syntax\.ts:2: syntax error: Expression expected$/],
  ['nested.mjs', "import './syntax.mjs'", /\/syntax\.mjs:2: syntax error: Unexpected token/],
  ['other.mjs', "\nimport { nothing } from './a.mjs'", /other\.mjs:2: syntax error: .*'\.\/a\.mjs' does not provide/],
  [
    'js.ts',
    "import './types.js'",
    /js\.ts:1: there is no .*\/types\.js$/,
    /write its real name in the import: \.\/types\.ts/,
  ],
  ['gone.mjs', "import './none.js'", /gone\.mjs:1: there is no .*\/none\.js$/, /\.\/none\.mjs/],
  ['gone.cjs', "require('./nothing')", /gone\.cjs:1: there is no .*\/nothing$/, /check the name/],
  ['package.mjs', "import '@a/b/c'", /package\.mjs:1: there is no package @a\/b$/, /npm install @a\/b in \//],
  [
    'package.cjs',
    "require('nothing/sub')",
    /package\.cjs:1: there is no package nothing\/sub$/,
    /npm install nothing in/,
  ],
  ['common/x.ts', `${DEFINE}export default 1`, /x\.ts:1: syntax error: Cannot use import/, /"type": "module"/],
  ['view.tsx', '', /view\.tsx cannot be run: JSX/, /pack it/],
]

for (const [name, text, message, hint] of wrong) {
  test(`${name}: ${message.source}`, async () => {
    write('common/package.json', '{"type":"commonjs"}')
    const { result } = await load(write(name, text))
    assert.match(String(result.message), message)
    if (hint !== undefined) assert.match(String(result.hint), hint)
  })
}

test('what is no file', async () => {
  assert.match(String((await load(at('nowhere.ts'))).result.message), /^there is no \/.*nowhere\.ts$/)
  assert.match(String((await load(directory)).result.message), /is a directory$/)
  if (process.getuid?.() === 0) return // root reads everything
  chmodSync(write('closed.mjs', ''), 0)
  assert.match(String((await load(at('closed.mjs'))).result.message), /cannot be read/)
})
