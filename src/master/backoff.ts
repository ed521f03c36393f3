/** When a child that died is started again. Pure. Why these values: nobody's service is helped by a crash loop, and nobody forgives a supervisor that gave up for ever. */
import { EXIT_CONFIG, type ExitReason } from '../exit-reason.ts'

/** What the settings say of supervision; durations in ms. */
export interface Policy {
  readonly startTimeoutMs: number
  readonly bootTimeoutMs: number
  readonly stopTimeoutMs: number
  readonly stableMs: number
  readonly restartDelayMs: number
  readonly restartDelayMaxMs: number
  readonly restartLimit: number
  readonly restartWindowMs: number
  readonly failedRetryMs: number
  readonly uptimeResetMs: number
}

export interface Death {
  readonly reason: ExitReason
  /** 0 when it never got ready. */
  readonly uptimeMs: number
  /** Deaths within the window, this one included. */
  readonly deaths: number
  readonly index: number
  readonly now: number
}

export type Verdict =
  | { readonly type: 'at-once' }
  | { readonly type: 'backoff'; readonly delayMs: number }
  /** null: not tried again by itself. */
  | { readonly type: 'failed'; readonly retryMs: number | null }

export function respawn(death: Death, policy: Policy): Verdict {
  const { reason } = death
  if (reason.kind === 'code' && reason.code === EXIT_CONFIG) return { type: 'failed', retryMs: null }
  if (death.deaths >= policy.restartLimit) return { type: 'failed', retryMs: policy.failedRetryMs }
  if (death.uptimeMs > policy.uptimeResetMs) return { type: 'at-once' }
  return { type: 'backoff', delayMs: backoffDelay(death.deaths, death.index, death.now, policy) }
}

/** restartDelay × 2 for each death in the window, up to the maximum, ±20 %: slots that died together start apart. */
export function backoffDelay(deaths: number, index: number, now: number, policy: Policy): number {
  const delayMs = Math.min(policy.restartDelayMs * 2 ** (deaths - 1), policy.restartDelayMaxMs)
  const spread = ((index * 137 + now) % 401) / 1000 - 0.2
  return Math.round(delayMs * (1 + spread))
}
