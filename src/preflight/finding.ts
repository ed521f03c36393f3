/** A finding is data: checks collect them, and they are shown together, every problem at once. */
export type FindingLevel = 'ok' | 'warning' | 'failure'

export interface Finding {
  readonly level: FindingLevel
  /** The check that found it: `kernel`, `settings`, `pidfile`. */
  readonly check: string
  /** What is, a sentence without full stop. */
  readonly message: string
  /** What to do about it; empty for ok. */
  readonly advice: string
  /** Where: a settings file. */
  readonly file?: string
  /** 1 is the first line. */
  readonly line?: number
}

export function ok(check: string, message: string): Finding {
  return { level: 'ok', check, message, advice: '' }
}

export function warning(check: string, message: string, advice: string): Finding {
  return { level: 'warning', check, message, advice }
}

export function failure(check: string, message: string, advice: string): Finding {
  return { level: 'failure', check, message, advice }
}

export function hasFailure(findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.level === 'failure')
}
