import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { FLAGS } from '../src/command/flags.ts'
import { isSettingName } from '../src/settings/table.ts'

const PAGES = ['README.md', 'build/npm-readme.md', ...globSync('{docs,examples/*}/*.md').sort()]

/** The anchor of a heading, as GitHub and npm make it. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')

function hasAnchor(path: string, anchor: string): boolean {
  const headings = [...readFileSync(path, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading)
  return headings.map(anchorOf).includes(anchor)
}

for (const page of PAGES) {
  const text = readFileSync(page, 'utf8')

  test(`${page}: each link leads somewhere`, () => {
    const home = page.startsWith('build/') ? '.' : dirname(page) // that one lies at the top of the npm package
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
      const [path = '', anchor] = target.split('#')
      const file = path === '' ? page : join(home, path)
      assert.ok(existsSync(file), target)
      if (anchor !== undefined) assert.ok(hasAnchor(file, anchor), target)
    }
  })

  test(`${page}: each flag of myd and each setting with a dot exists`, () => {
    for (const [, words = ''] of text.matchAll(/(?:^|npx |`)(?:\.\/)?myd (.*?)(?:`| # | -- |$)/gm)) {
      for (const [, flag = ''] of words.matchAll(/--([a-z-]+)/g)) assert.ok(Object.hasOwn(FLAGS, flag), `--${flag}`)
    }
    for (const [, name = ''] of text.matchAll(/`((?:jobs|http|socket|log|environment)\.[a-zA-Z6]+)`/g)) {
      if (!existsSync(join('docs', name)) && !name.endsWith('.md')) assert.ok(isSettingName(name), name)
    }
  })
}
