/** Each program is linked by a process of its own: what Node has linked it remembers. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'

const directory = mkdtempSync(join(tmpdir(), 'myd-link-check-'))
after(() => rmSync(directory, { recursive: true }))

const at = (name: string) => join(directory, name)
const mark = at('evaluated')
const MARK = `writeFileSync(${JSON.stringify(mark)}, '')`
const MARK_ESM = `import { writeFileSync } from 'node:fs'\n${MARK}\n`
const MARK_CJS = `require('node:fs').${MARK}\n`

mkdirSync(at('common'))
for (const [name, text] of [
  ['common/package.json', '{"type":"commonjs"}'],
  ['dependency.mjs', MARK_ESM],
  ['dependency.cjs', MARK_CJS],
  ['broken.cjs', 'let x = 1\nlet y = ;'],
] as const) {
  writeFileSync(at(name), text)
}

/** @returns what is wrong with it, empty when nothing is */
async function link(name: string, text: string): Promise<string> {
  writeFileSync(at(name), text)
  const words = ['--disable-warning=ExperimentalWarning', resolve('test/fixtures/link-program.ts'), at(name)]
  const { stdout } = await promisify(execFile)(process.execPath, words, { env: {}, cwd: directory })
  return stdout
}

const good: readonly (readonly [string, string])[] = [
  ['good.mjs', `import './dependency.cjs'\nimport './dependency.mjs'\n${MARK_ESM}await 0`],
  ['good.cjs', `#!/usr/bin/env node\n${MARK_CJS}require('./dependency.cjs')\nreturn`],
  ['esm.js', MARK_ESM],
  ['common.js', MARK_CJS],
  ['common/plain.js', MARK_CJS],
  ['esm.ts', `${MARK_ESM}const x: number = 1`],
  ['common.cts', `${MARK_CJS}const x: number = 1`],
  ['later.mjs', `${MARK_ESM}await import('./gone.mjs')`],
]

for (const [name, text] of good) {
  test(`${name} can begin, and does not`, async () => {
    assert.equal(await link(name, text), '')
    assert.equal(existsSync(mark), false)
  })
}

const wrong: readonly (readonly [string, string, RegExp])[] = [
  ['syntax.mjs', '\nlet y = ;', /syntax\.mjs:2: syntax error/],
  ['syntax.js', '\nlet y = ;', /syntax\.js:2: syntax error/],
  ['nested.mjs', "import './dependency.mjs'\nimport './broken.cjs'", /broken\.cjs:2: syntax error/],
  ['package.js', `${MARK_ESM}import x from '@a/b/c'`, /package\.js:3: there is no package @a\/b$/],
  ['file.mjs', "import './dependency.mjs'\nimport './gone.js'", /file\.mjs:2: there is no .*\/gone\.js$/],
  ['name.mjs', "import { x } from './dependency.mjs'", /name\.mjs:1: .* does not provide an export named 'x'/],
  ['enum.ts', `${MARK_ESM}enum A { X }`, /enum\.ts:3: TypeScript’s enum/],
  ['enum.cts', `${MARK_CJS}enum A { X }`, /enum\.cts:2: TypeScript’s enum/],
  ['common/esm.js', MARK_ESM, /esm\.js:1: syntax error: Cannot use import statement/],
]

for (const [name, text, problem] of wrong) {
  test(`${name} cannot begin: ${problem.source}`, async () => {
    assert.match(await link(name, text), problem)
    assert.equal(existsSync(mark), false)
  })
}
