/**
 * A log file: O_APPEND, each line in one write, so that nothing is lost when it is renamed or truncated under us.
 * What cannot be written (disk full) is counted and told when writing works again.
 */
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs'
import { errnoOf, MydError } from '../errors.ts'
import { withMode } from '../system/exact-mode.ts'
import { replaceDescriptor } from '../system/libc.ts'

export interface LogFile {
  /** @returns false when the line was lost */
  write(line: string): boolean
  /** Opens the path again (after a rotation). A failure keeps the open file and is thrown. */
  reopen(): void
  close(): void
}

function openAppend(path: string): number {
  const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW, O_NONBLOCK } = constants
  const flags = O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW | O_NONBLOCK
  const fd = withMode(0o640, () => openSync(path, flags, 0o640))
  if (fstatSync(fd).isFile()) return fd
  closeSync(fd)
  throw new MydError('CANNOT_CREATE', `${path} is not a plain file`, { path, hint: 'remove it or set logDirectory' })
}

/** @param standardStreams descriptors of this process that show into the file too, and move along when it is opened again */
export function openLogFile(path: string, standardStreams: readonly number[]): LogFile {
  let fd = openAppend(path)
  return {
    write(line) {
      const bytes = Buffer.from(line)
      try {
        return writeSync(fd, bytes) === bytes.length
      } catch (error) {
        const code = errnoOf(error)
        if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EIO' || code === 'EFBIG') return false
        throw error
      }
    },
    reopen() {
      const before = fd
      fd = openAppend(path)
      for (const stream of standardStreams) replaceDescriptor(fd, stream)
      closeSync(before)
    },
    close: () => closeSync(fd),
  }
}
