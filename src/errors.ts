/**
 * The one table of expected failures. An expected failure is a MydError with a code from here; its exit code
 * and what to do about it come from the table. Anything else that is thrown is a bug (exit 70).
 */
export interface ErrorKind {
  readonly exit: number
  readonly meaning: string
}

export const ERRORS = {
  CHECK_FAILED: { exit: 1, meaning: 'a check failed' },
  START_FAILED: { exit: 1, meaning: 'the start failed' },
  STOP_FAILED: { exit: 1, meaning: 'the daemon could not be stopped' },
  RELOAD_FAILED: { exit: 1, meaning: 'the reload was given up; the workers that ran go on' },
  JOB_FAILED: { exit: 1, meaning: 'a job did not succeed, or there is no such job' },
  USAGE: { exit: 64, meaning: 'wrong usage' },
  NOT_RUNNING: { exit: 69, meaning: 'no daemon to talk to' },
  BUG: { exit: 70, meaning: 'a bug in the program' },
  CANNOT_CREATE: { exit: 73, meaning: 'a file cannot be created' },
  PERMISSION: { exit: 77, meaning: 'permission denied' },
  SETTINGS: { exit: 78, meaning: 'the settings are wrong, or a worker said so' },
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof ERRORS

/** What a failed operation knows of its cause; `syscall`, `errno` and `path` as the kernel told them. */
export interface ErrorDetails {
  readonly cause?: unknown
  readonly hint?: string
  readonly syscall?: string
  readonly errno?: string
  readonly path?: string
  /** Overrides the exit code of the table (a start that failed because a worker said 78). */
  readonly exit?: number
}

export class MydError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'MydError'
    this.code = code
    this.details = details
  }

  get exitCode(): number {
    return this.details.exit ?? ERRORS[this.code].exit
  }

  /** What to do, a sentence, or undefined. */
  get hint(): string | undefined {
    return this.details.hint
  }
}

/** The `code` of an error of the system (`ENOENT`), or undefined. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

const PERMISSION_ERRNOS = new Set(['EACCES', 'EPERM', 'EROFS'])
const RESOURCE_ERRNOS = new Set([
  ...['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'ENOMEM', 'EIO', 'ELOOP', 'ENOTDIR', 'EISDIR', 'ENOENT'],
  ...['EADDRINUSE', 'ENAMETOOLONG', 'EEXIST', 'ETXTBSY', 'EAGAIN'],
])

/** What the system refused, as an expected failure (73, 77); anything else as it is. */
export function asExpected(error: unknown): unknown {
  const errno = errnoOf(error)
  if (error instanceof MydError || errno === undefined) return error
  if (PERMISSION_ERRNOS.has(errno)) return new MydError('PERMISSION', messageOf(error), { cause: error, errno })
  if (RESOURCE_ERRNOS.has(errno)) return new MydError('CANNOT_CREATE', messageOf(error), { cause: error, errno })
  return error
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Ends a switch over a union: the compiler says which member was forgotten, the run time that the impossible came. */
export function assertNever(value: never): never {
  throw new Error(`unexpected ${JSON.stringify(value)}`)
}
