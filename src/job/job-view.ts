/** A row of the table as the world sees it. */
import type { Job } from '../service/define-service.ts'
import type { JobRow } from './books.ts'
import type { JobView } from './wire.ts'

/** A job as the process that runs it gets it. */
export function toJob(row: JobRow): Job {
  return {
    id: row.id,
    type: row.type,
    payload: row.payload,
    command: JSON.parse(row.command) as string[],
    attempt: row.attempt,
    key: row.key,
    directory: row.directory,
    umask: row.umask,
    timeoutMs: row.timeout_ms,
  }
}

export function toView(row: JobRow): JobView {
  return {
    ...toJob(row),
    state: row.state,
    priority: row.priority,
    attempts: row.attempts,
    failures: row.failures,
    deaths: row.deaths,
    addedAt: row.added_at,
    dueAt: row.due_at,
    takenAt: row.taken_at,
    finishedAt: row.finished_at,
    worker: row.worker,
    exitCode: row.exit_code,
    signal: row.signal,
    durationMs: row.duration_ms,
    reason: row.reason,
    output: row.output,
  }
}

/** Characters of a command in a list. */
const COMMAND_LIMIT = 200

/** Without what can be long: for lists. */
export function toSummary(row: JobRow): JobView {
  const view = toView({ ...row, payload: '', output: '' })
  return row.command.length <= COMMAND_LIMIT ? view : { ...view, command: shorten(view.command) }
}

/** The first words, up to the limit; the last one ends in `…`. */
function shorten(words: readonly string[]): string[] {
  const shown: string[] = []
  let left = COMMAND_LIMIT
  for (const word of words) {
    if (word.length > left) return [...shown, `${word.slice(0, left)}…`]
    shown.push(word)
    left -= word.length
  }
  return shown
}
