/**
 * The packages that these tests run as their users have them: pinned, from the registry, under node_modules/.cache; they
 * are no dependencies of the project. `node test/interop/packages.ts` installs them once, before the tests.
 */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { runNpm } from '../support/run-npm.ts'

const VERSIONS = {
  '@hono/node-server': '2.1.8',
  autocannon: '9.0.0',
  express: '5.3.0',
  fastify: '5.12.8',
  hono: '4.13.19',
  'http-server': '14.1.1',
  koa: '3.3.0',
  ws: '8.23.0',
}
const PLACE = resolve(import.meta.dirname, '../../node_modules/.cache/myd-interop')
const MANIFEST = join(PLACE, 'package.json')

/** Where a file of a package lies. */
export function packagePath(path: string): string {
  return join(PLACE, 'node_modules', path)
}

/** So that a server in this directory finds the packages. */
export function linkPackages(directory: string): void {
  symlinkSync(join(PLACE, 'node_modules'), join(directory, 'node_modules'))
}

/** What a package exports. */
export async function importPackage(path: string): Promise<unknown> {
  return await import(pathToFileURL(packagePath(path)).href)
}

function install(): void {
  const manifest = JSON.stringify({ private: true, dependencies: VERSIONS }, null, 2)
  const isInstalled = existsSync(packagePath('.package-lock.json')) && existsSync(MANIFEST)
  if (isInstalled && readFileSync(MANIFEST, 'utf8') === manifest) return
  console.error(`installing ${Object.keys(VERSIONS).join(', ')} into node_modules/.cache/myd-interop`)
  mkdirSync(PLACE, { recursive: true })
  writeFileSync(MANIFEST, manifest)
  const { status, stderr, error } = runNpm(['install', `--prefix=${PLACE}`, '--ignore-scripts'], { cwd: PLACE })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`npm install: exit ${status}: ${stderr}`)
}

if (import.meta.main) install()
