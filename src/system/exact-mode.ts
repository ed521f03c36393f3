/** Files and directories that have the right permissions from their first moment: changing them afterwards leaves a gap. */

/** Runs `create`, in which the umask lets exactly the bits of `mode` through. Synchronous only. */
export function withMode<T>(mode: number, create: () => T): T {
  const before = process.umask(~mode & 0o777)
  try {
    return create()
  } finally {
    process.umask(before)
  }
}
