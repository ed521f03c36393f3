/** What the settings say of supervision and of sockets. Pure. */
import type { Settings } from '../settings/table.ts'
import type { ListenPolicy } from '../system/listen-table.ts'
import type { Policy } from './backoff.ts'

export function policyOf(settings: Settings): Policy {
  return {
    startTimeoutMs: settings.startTimeout,
    bootTimeoutMs: settings.bootTimeout,
    stopTimeoutMs: settings.stopTimeout,
    stableMs: settings.stableTime,
    restartDelayMs: settings.restartDelay,
    restartDelayMaxMs: settings.restartDelayMax,
    restartLimit: settings.restartLimit,
    restartWindowMs: settings.restartWindow,
    failedRetryMs: settings.failedRetry,
    uptimeResetMs: settings.uptimeReset,
  }
}

export function listenPolicyOf(settings: Settings): ListenPolicy {
  return {
    balance: settings.balance,
    backlog: settings['socket.backlog'],
    socketMode: settings['socket.mode'],
    socketOwner: settings['socket.owner'],
  }
}
