/** The manifest: what this build is made of, read at run time by src/system/executable.ts. No time, no path. */

import { hash } from 'node:crypto'
import { MANIFEST_FORMAT, type Manifest } from '../src/system/executable.ts'
import type { Base } from './base.ts'
import { EXEC_ARGV } from './sea-config.ts'

export interface Identity {
  readonly name: string
  readonly version: string
  readonly debug: boolean
}

/** The build id stands for all that goes in. @param assets file name → content of every other asset */
export function describeBuild(identity: Identity, base: Base, code: Buffer, assets: Record<string, Buffer>): Manifest {
  const made = {
    format: MANIFEST_FORMAT,
    name: identity.name,
    version: identity.version,
    node: base.version,
    target: base.target,
    debug: identity.debug,
    baseSha256: base.sha256,
    bundleSha256: hash('sha256', code),
    parts: Object.entries(assets).map(([name, bytes]) => ({
      name,
      sha256: hash('sha256', bytes),
      bytes: bytes.length,
    })),
  }
  return { ...made, buildId: hash('sha256', JSON.stringify([made, EXEC_ARGV])).slice(0, 16) }
}
