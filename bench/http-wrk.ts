/** wrk(1): the load of the throughput figures. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Target } from './http-peer.ts'

export interface WrkResult {
  readonly requests: number
  readonly perSecond: number
  readonly p99Ms: number
}

const CONNECTIONS = 16
const MS = { us: 0.001, ms: 1, s: 1000 } as const

/** @throws Error when a request failed: such a figure would say nothing */
export async function runWrk(
  { host, port }: Target,
  seconds: number,
  flags: readonly string[],
  signal: AbortSignal,
): Promise<WrkResult> {
  const args = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', ...flags, `http://${host}:${port}/`]
  const { stdout } = await promisify(execFile)('wrk', args, { signal })
  if (/Socket errors|Non-2xx/.test(stdout)) throw new Error(`wrk met errors:\n${stdout}`)
  const [, p99, unit] = /^\s+99%\s+([\d.]+)(us|ms|s)$/m.exec(stdout) ?? []
  return {
    requests: Number(/(\d+) requests in/.exec(stdout)?.[1]),
    perSecond: Number(/^Requests\/sec:\s+([\d.]+)$/m.exec(stdout)?.[1]),
    p99Ms: Number(p99) * MS[(unit ?? 'ms') as keyof typeof MS],
  }
}
