/**
 * The base: the official Node that the lock file pins, without its need for libatomic (x64). Preparing it takes a second
 * or two and changes only when Node or the step changes, so the result is kept under node_modules/.cache/myd, named by
 * what it was made from, and its digest is checked each time it is taken from there.
 */

import { spawnSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { errnoOf, MydError } from '../src/errors.ts'
import { removeLibatomic } from './remove-libatomic.ts'
import type { StepResult } from './step.ts'

/** A change of these files makes another base of the same Node. */
const RECIPE = ['elf', 'dynamic-linking', 'operand-size', 'compare-exchange', 'remove-libatomic']

/** An official Node as its registry package brings it. */
export interface OfficialNode {
  readonly path: string
  readonly licensePath: string
  /** `26.10.0`. */
  readonly version: string
  /** `linux-x64`. */
  readonly target: string
}

export interface Base extends OfficialNode, StepResult {
  readonly bytes: number
  readonly sha256: string
}

/** @throws MydError CHECK_FAILED when the package of this architecture is not installed */
export function locateBase(root: string): OfficialNode {
  const target = `linux-${process.arch}`
  const directory = join(root, 'node_modules', `node-${target}`)
  const path = join(directory, 'bin', 'node')
  if (!existsSync(path)) {
    throw new MydError('CHECK_FAILED', `there is no Node for ${target} to build from`, { path, hint: 'run npm ci' })
  }
  const { version } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { version: string }
  return { path, licensePath: join(directory, 'LICENSE'), version, target }
}

export function prepareBase(root: string): Base {
  const official = locateBase(root)
  const original = readFileSync(official.path)
  const sha256 = hash('sha256', original)
  if (process.arch !== 'x64') {
    const note = `${nameOf(official)}; libatomic is removed on x64 only: still needed`
    return { ...official, bytes: original.length, sha256, note }
  }
  const recipe = RECIPE.map((name) => hash('sha256', readFileSync(join(root, 'build', `${name}.ts`))))
  const key = hash('sha256', [sha256, ...recipe].join()).slice(0, 16)
  const path = join(root, 'node_modules', '.cache', 'myd', `node-${official.version}-${official.target}-${key}`)
  const cached = readCached(path)
  if (cached !== null) return { ...official, ...cached, path, note: `${nameOf(official)}, libatomic removed (cached)` }
  const made = keep(path, removeLibatomic(original), official.version)
  return { ...official, ...made, path, note: `${nameOf(official)}, libatomic removed` }
}

function nameOf(node: OfficialNode): string {
  return `Node ${node.version} ${node.target}`
}

type Content = Pick<Base, 'bytes' | 'sha256'>

/** @returns null when there is none, or one that is not what was put there */
function readCached(path: string): Content | null {
  try {
    const bytes = readFileSync(path)
    const sha256 = hash('sha256', bytes)
    return sha256 === readFileSync(`${path}.sha256`, 'latin1') ? { bytes: bytes.length, sha256 } : null
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error // not built yet
    return null
  }
}

/** Keeps it, instead of what was kept before, if it runs; by rename, since another build may look at the same moment. */
function keep(path: string, bytes: Buffer, version: string): Content {
  const sha256 = hash('sha256', bytes)
  const directory = dirname(path)
  const beside = `${path}.${process.pid}`
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  try {
    writeFileSync(beside, bytes, { mode: 0o755 })
    checkRuns(beside, version)
    writeFileSync(`${path}.sha256`, sha256)
    renameSync(beside, path)
  } finally {
    rmSync(beside, { force: true })
  }
  return { bytes: bytes.length, sha256 }
}

/** The smallest WebAssembly module that has a function: its code pointer goes through the replaced function. */
const PROBE = `
  const module = new WebAssembly.Module(Uint8Array.of(0,97,115,109,1,0,0,0,1,5,1,96,0,1,127,3,2,1,0,7,5,1,1,102,0,0,10,6,1,4,0,65,42,11))
  console.log(process.version, new WebAssembly.Instance(module).exports.f())`

function checkRuns(path: string, version: string): void {
  const result = spawnSync(path, ['-e', PROBE], { env: {}, encoding: 'utf8' })
  if (result.status === 0 && result.stdout === `v${version} 42\n`) return
  const how = result.error?.message ?? result.signal ?? `exit ${result.status}`
  throw new MydError('CHECK_FAILED', `the base without libatomic does not run: ${how} ${result.stdout}${result.stderr}`)
}
