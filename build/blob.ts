/** The blob: bundle, code cache and assets in the form that Node looks for inside itself. Made by the base itself. */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MydError } from '../src/errors.ts'
import { lintSeaConfig, makeSeaConfig } from './sea-config.ts'
import { formatMegabytes, type StepResult } from './step.ts'

const MAIN = 'main.cjs'
const CONFIG = 'sea.json'
const OUTPUT = 'sea.blob'
/** First bytes of a blob: 0x0143da20, little-endian (src/node_sea.cc). */
const MAGIC = Buffer.from('20da4301', 'hex')

/**
 * V8 puts random numbers into a code cache (hash seeds); with a fixed seed the same inputs give the same bytes. The
 * seed is in force only while the blob is made.
 */
const SEED = '--random-seed=42'

export interface Blob extends StepResult {
  readonly bytes: Buffer
}

/** @param assets asset name → content, the manifest too @throws MydError CHECK_FAILED */
export function makeBlob(nodePath: string, code: Buffer, assets: Readonly<Record<string, Buffer>>): Blob {
  const config = makeSeaConfig(MAIN, OUTPUT, Object.keys(assets))
  const problems = lintSeaConfig(config)
  if (problems.length > 0)
    throw new MydError('CHECK_FAILED', `the blob's configuration is wrong: ${problems.join(', ')}`)
  const directory = mkdtempSync(join(tmpdir(), 'myd-blob-'))
  try {
    for (const [name, content] of Object.entries({ ...assets, [MAIN]: code, [CONFIG]: JSON.stringify(config) })) {
      writeFileSync(join(directory, name), content)
    }
    runNode(nodePath, directory)
    const bytes = readFileSync(join(directory, OUTPUT))
    checkBlob(bytes, [code, ...Object.values(assets)])
    return { bytes, note: `${formatMegabytes(bytes.length)} with code cache` }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function runNode(nodePath: string, directory: string): void {
  const options = { cwd: directory, env: {}, encoding: 'utf8' } as const
  const result = spawnSync(nodePath, [SEED, '--experimental-sea-config', CONFIG], options)
  if (result.status === 0) return
  const how = result.error?.message ?? result.signal ?? `exit ${result.status}`
  throw new MydError('CHECK_FAILED', `Node did not make the blob: ${how}\n${result.stderr}`)
}

/** A code cache is at least as large as this share of its source; without one a blob holds its parts and little else. */
const CACHE_SHARE = 0.02

function checkBlob(blob: Buffer, parts: readonly Buffer[]): void {
  if (!blob.subarray(0, MAGIC.length).equals(MAGIC))
    throw new MydError('CHECK_FAILED', 'Node wrote something else than a blob')
  const [code] = parts
  const partBytes = parts.reduce((sum, part) => sum + part.length, 0)
  if (parts.some((part) => !blob.includes(part))) throw new MydError('CHECK_FAILED', 'a part is missing in the blob')
  if (blob.length < partBytes + (code?.length ?? 0) * CACHE_SHARE) {
    throw new MydError('CHECK_FAILED', 'the blob has no code cache')
  }
}
