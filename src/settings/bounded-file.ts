/** Reads a small text file that somebody named, bounded and without being held up by what is no file. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { errnoOf } from '../errors.ts'

export const FILE_LIMIT_BYTES = 1024 * 1024

/**
 * O_NONBLOCK: a pipe without a writer must not hold the start up.
 * @param what begins the sentence that tells what is wrong @throws an error of the system when it cannot be read
 */
export function readBounded(file: string, what: string): string | { problem: string; advice: string } {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  try {
    const stat = fstatSync(fd)
    const advice = 'Name a file of text'
    if (!stat.isFile()) return { problem: `${what} is not a regular file`, advice }
    if (stat.size > FILE_LIMIT_BYTES) return { problem: `${what} is larger than 1 MiB`, advice }
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(fd))
  } catch (error) {
    if (errnoOf(error) !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw error
    return { problem: `${what} is not UTF-8`, advice: 'Save it as UTF-8' }
  } finally {
    closeSync(fd)
  }
}
