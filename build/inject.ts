/** Puts the blob into a copy of the base: a note segment of the ELF file, and the fuse that makes Node look for it. */

import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MydError } from '../src/errors.ts'
import type { StepResult } from './step.ts'

/** Followed by `:0` in a Node without blob and by `:1` in one with. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'
const RESOURCE = 'NODE_SEA_BLOB'

/** @param path the file to make @throws MydError CHECK_FAILED when the result is not what was asked for */
export function injectBlob(root: string, basePath: string, blob: Buffer, path: string): StepResult {
  copyFileSync(basePath, path)
  chmodSync(path, 0o755)
  const directory = mkdtempSync(join(tmpdir(), 'myd-inject-'))
  try {
    const resource = join(directory, 'blob')
    writeFileSync(resource, blob)
    runPostject(root, [path, RESOURCE, resource, '--sentinel-fuse', FUSE])
  } finally {
    rmSync(directory, { recursive: true })
  }
  const made = readFileSync(path)
  if (!isFuseBlown(made)) throw new MydError('CHECK_FAILED', 'the fuse that makes Node look for the blob is not set')
  if (!made.includes(blob)) throw new MydError('CHECK_FAILED', 'the blob is not in the file it was put into')
  return { note: 'blob in place, fuse set' }
}

/** A process of its own, because it warns at length of the base's nameless sections, which is of no consequence. */
function runPostject(root: string, args: readonly string[]): void {
  const program = join(root, 'node_modules', 'postject', 'dist', 'cli.js')
  const result = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' })
  if (result.status === 0) return
  const how = result.error?.message ?? result.signal ?? `exit ${result.status}`
  throw new MydError('CHECK_FAILED', `postject failed: ${how}\n${result.stdout}${result.stderr}`)
}

/** Whether Node would look for a blob: the fuse is there once, and set. */
export function isFuseBlown(executable: Buffer): boolean {
  const at = executable.indexOf(FUSE)
  const isOnly = at >= 0 && executable.indexOf(FUSE, at + 1) < 0
  return isOnly && executable.toString('latin1', at + FUSE.length, at + FUSE.length + 2) === ':1'
}
