/**
 * Jobs that write down their own runs: each appends to a file of its own, so that what ran is counted without asking
 * the store. The file is locked while a run, or anything that it started, lives: a second run beside it says `overlap`.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import type { Instance } from './instance.ts'

export interface Run {
  readonly attempt: number
  readonly pid: number
  /** Value of MYD_WORKER: which worker process held it. */
  readonly worker: string
  /** Seconds since boot, of the run's own clock. */
  readonly startedAt: number
  /** null: it was ended on the way. */
  readonly endedAt: number | null
}

const SCRIPT = `exec 9>>"$0/$MYD_JOB_ID"
flock -n 9 || echo "overlap $MYD_JOB_ATTEMPT $$" >&9
read up rest </proc/uptime
echo "start $MYD_JOB_ATTEMPT $$ $up $MYD_WORKER" >&9
sleep "$1"
read up rest </proc/uptime
echo "end $MYD_JOB_ATTEMPT $$ $up" >&9`

/** A line for `job add -`. */
export function recordingJob(instance: Instance, seconds: number): string {
  mkdirSync(instance.path('runs'), { recursive: true })
  return JSON.stringify({ command: ['sh', '-c', SCRIPT, instance.path('runs'), String(seconds)] })
}

/** Every run of a job, in order. @throws when two of them overlapped */
export function readRuns(instance: Instance, id: number): Run[] {
  const path = instance.path(`runs/${id}`)
  if (!existsSync(path)) return []
  const runs: Run[] = []
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1) // behind the last line end: what is being written
  for (const line of lines) {
    const [word, attempt, pid, at, worker = ''] = line.split(' ')
    if (word === 'overlap') throw new Error(`job ${id}: run ${attempt} began while another one ran`)
    const run = { attempt: Number(attempt), pid: Number(pid) }
    if (word === 'start') runs.push({ ...run, worker, startedAt: Number(at), endedAt: null })
    else end(runs, run.pid, Number(at), id)
  }
  return runs
}

function end(runs: Run[], pid: number, endedAt: number, id: number): void {
  const last = runs.at(-1)
  if (last?.pid !== pid) throw new Error(`job ${id}: process ${pid} ended after the next run had begun`)
  runs[runs.length - 1] = { ...last, endedAt }
}
