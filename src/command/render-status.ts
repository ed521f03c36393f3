/** The status as a table for people. Pure. */
import type { Status, WorkerStatus } from '../admin/control.ts'
import { formatDuration } from '../clock.ts'

const MIB = 1024 * 1024

export function renderStatus(status: Status, now: number): string {
  const { name, version, buildId, pid, state, proc, workers, generation, listen } = status
  const ready = workers.filter((worker) => worker.state === 'ready').length
  const head = [
    `${name} is ${state} (pid ${pid}), version ${version}, build ${buildId}`,
    `up ${age(status.startedAt, now)}, ${ready} of ${proc} workers ready, generation ${generation}`,
    ...(listen.length === 0 ? [] : [`listens on ${listen.join(', ')}`]),
  ]
  const rows = [
    ['', 'PID', 'STATE', 'UP', 'RESTARTS', 'LAST EXIT', 'MEMORY', 'DONE', 'FAILED', 'JOB'],
    ['master', String(pid), state, age(status.startedAt, now), '', '', memory(status.anonBytes), '', '', ''],
    describeRow('store', status.store, now),
    ...workers.map((worker) => describeRow(`worker ${worker.slot}`, worker, now)),
  ]
  return `${[...head, '', ...align(rows)].join('\n')}\n`
}

function describeRow(name: string, worker: WorkerStatus, now: number): string[] {
  const up = worker.startedAt === null ? '-' : age(worker.startedAt, now)
  const state = worker.retryInMs === null ? worker.state : `${worker.state} ${formatDuration(worker.retryInMs)}`
  const isStore = name === 'store'
  return [
    name,
    worker.pid === null ? '-' : String(worker.pid),
    state,
    up,
    String(worker.restarts),
    worker.lastExit ?? '-',
    memory(worker.anonBytes),
    isStore ? '' : String(worker.jobsDone),
    isStore ? '' : String(worker.jobsFailed),
    isStore ? '' : worker.inHand.join(' ') || '-',
  ]
}

function age(startedAt: string, now: number): string {
  return formatDuration(Math.max(0, now - Date.parse(startedAt)))
}

function memory(bytes: number | null): string {
  return bytes === null ? '-' : `${(bytes / MIB).toFixed(1)} MiB`
}

/** Columns as wide as their widest entry, two spaces between. */
export function align(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>((max, row) => row.map((cell, at) => Math.max(max[at] ?? 0, cell.length)), [])
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
