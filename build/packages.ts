/** The packages whose code goes into the executable: what the lock file installs for production. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MydError } from '../src/errors.ts'
import type { OfficialNode } from './base.ts'

interface LockFile {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly optional?: boolean }>>
}

/** Their directories, as in `node_modules/cac`, sorted; the optional ones are the Node that we build from. */
export function listRuntimePackages(root: string): string[] {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as LockFile
  return Object.entries(lock.packages)
    .filter(([directory, entry]) => directory !== '' && entry.dev !== true && entry.optional !== true)
    .map(([directory]) => directory)
    .sort()
}

/**
 * One text with the licence of everything that is inside the executable, or the npm package.
 * @param node null when it is not inside
 * @throws MydError CHECK_FAILED when a package comes without
 */
export function collectLicenses(root: string, node: OfficialNode | null): string {
  const parts = [
    { title: 'myd', path: join(root, 'LICENSE') },
    ...listRuntimePackages(root).map((each) => ({
      title: each.slice('node_modules/'.length),
      path: findLicense(root, each),
    })),
    ...(node === null ? [] : [{ title: `Node.js ${node.version}`, path: node.licensePath }]),
  ]
  return parts.map(({ title, path }) => `==== ${title} ====\n\n${readFileSync(path, 'utf8').trim()}\n`).join('\n')
}

function findLicense(root: string, directory: string): string {
  const name = existsSync(join(root, directory))
    ? readdirSync(join(root, directory)).find((each) => /^licen[cs]e/i.test(each))
    : undefined
  if (name === undefined) throw new MydError('CHECK_FAILED', `${directory} is not installed or has no licence file`)
  return join(root, directory, name)
}
