/**
 * `node build/npm.ts [--out DIRECTORY]`: makes the npm package, ready for `npm pack` or `npm publish`.
 *
 *     index.js, index.d.ts   defineService and its types, for any Node from 20 on and for editors
 *     daemon.cjs             the program, bundled
 *     bin/myd                starts the program with the Node that the package depends on
 *
 * Same inputs, same bytes. What was there before stays when a step fails.
 */

import { hash } from 'node:crypto'
import { chmodSync, cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { MydError } from '../src/errors.ts'
import { bundleSource } from './bundle.ts'
import { bundleDeclarations, emitDeclarations } from './npm-declarations.ts'
import { describePackage, lockedVersion } from './npm-manifest.ts'
import { collectLicenses } from './packages.ts'
import { EXEC_ARGV } from './sea-config.ts'
import { formatMegabytes, runStep } from './step.ts'

/** Below src/: what a service imports from `myd`. */
const ENTRY = 'service/define-service.ts'
const VALUES = ['defineService']
const COPIED = ['LICENSE', 'CHANGELOG.md', 'docs']

async function buildPackage(root: string, out: string): Promise<void> {
  const beside = `${out}.new-${process.pid}`
  mkdirSync(join(beside, 'bin'), { recursive: true })
  const write = (name: string, content: string | Buffer) => writeFileSync(join(beside, name), content)
  try {
    const bundle = await runStep('bundle', () => bundleSource(root, join(root, 'src', 'main.ts')))
    write('daemon.cjs', bundle.code)
    await runStep('module', async () => {
      write('index.js', await bundleModule(root))
      return { note: VALUES.join(', ') }
    })
    await runStep('types', () => {
      const declarations = bundleDeclarations(emitDeclarations(root, ENTRY), ENTRY, VALUES)
      write('index.d.ts', declarations)
      return { note: `${declarations.split('\n').length} lines` }
    })
    await runStep('files', () => {
      writeLauncher(root, join(beside, 'bin', 'myd'))
      write('package.json', describePackage(root, hash('sha256', bundle.code).slice(0, 16)))
      write('licenses.txt', collectLicenses(root, null))
      cpSync(join(root, 'build', 'npm-readme.md'), join(beside, 'README.md'))
      for (const name of COPIED) cpSync(join(root, name), join(beside, name), { recursive: true })
      return { note: `${formatMegabytes(bundle.code.length)} without Node` }
    })
    rmSync(out, { recursive: true, force: true })
    renameSync(beside, out)
  } finally {
    rmSync(beside, { recursive: true, force: true })
  }
}

/** Only what a service imports, for the oldest Node that the package allows. */
async function bundleModule(root: string): Promise<string> {
  const source = `export { ${VALUES.join(', ')} } from './src/${ENTRY}'`
  const { outputFiles } = await build({
    absWorkingDir: root,
    stdin: { contents: source, resolveDir: root, loader: 'ts' },
    write: false,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    charset: 'ascii',
    logLevel: 'silent',
  })
  return outputFiles[0]?.text ?? ''
}

/** The options are those of the executable, but for the end of options: a file follows. */
function writeLauncher(root: string, path: string): void {
  const options = EXEC_ARGV.filter((option) => option !== '--').join(' ')
  const text = readFileSync(join(root, 'build', 'npm-launcher.sh'), 'utf8')
    .replace('@NODE_VERSION@', lockedVersion(root, `node-linux-${process.arch}`))
    .replace('@NODE_OPTIONS@', options)
  writeFileSync(path, text)
  chmodSync(path, 0o755)
}

const root = dirname(import.meta.dirname)
const { values } = parseArgs({ options: { out: { type: 'string', default: join(root, 'dist', 'npm') } } })
buildPackage(root, resolve(values.out)).catch((error: unknown) => {
  console.error(error instanceof MydError ? `the build failed: ${error.message}` : error)
  process.exitCode = error instanceof MydError ? error.exitCode : 70
})
