/** How a process ended, as waitpid told it. Exactly one of the two is set. */
export type ExitReason =
  | { readonly kind: 'code'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string }

/** sysexits.h EX_CONFIG: a worker that says so is not started again. */
export const EXIT_CONFIG = 78

export function exitReason(code: number | null, signal: string | null): ExitReason {
  if (signal !== null) return { kind: 'signal', signal }
  return { kind: 'code', code: code ?? 0 }
}

/** For people: `exit 1`, `SIGKILL`. */
export function describeExit(reason: ExitReason): string {
  return reason.kind === 'code' ? `exit ${reason.code}` : reason.signal
}
