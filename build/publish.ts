/** The last steps: the trailer behind the file, and the file under its name. */

import { hash } from 'node:crypto'
import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { encodeTrailer } from '../src/system/trailer.ts'
import type { StepResult } from './step.ts'

/** @returns the bytes of the whole file, trailer included */
export function appendTrailer(path: string): StepResult & { readonly bytes: number } {
  const content = readFileSync(path)
  const trailer = encodeTrailer(content.length, hash('sha256', content, 'buffer'))
  appendFileSync(path, trailer)
  return { bytes: content.length + trailer.length, note: 'SHA-256 of the whole file behind it' }
}

/**
 * Puts the finished file in place of the old one by rename: the old one may be running, and a copy over it would
 * fail. Its digest goes beside it in the form that sha256sum -c reads.
 * @returns the digest of the whole file, in hex
 */
export function publish(finished: string, path: string, sourceMap: Buffer): StepResult & { readonly sha256: string } {
  const sha256 = hash('sha256', readFileSync(finished))
  writeFileSync(`${path}.cjs.map`, sourceMap)
  writeFileSync(`${path}.sha256`, formatSum(sha256, path))
  renameSync(finished, path)
  return { sha256, note: path }
}

/** A line of sha256sum(1). */
export function formatSum(sha256: string, path: string): string {
  return `${sha256}  ${basename(path)}\n`
}
