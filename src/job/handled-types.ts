/**
 * Which types of jobs the workers run. Known in memory by worker, and in the table `handled_types` for the time when
 * no worker is there: before a start, and for the command line without a daemon. A worker that is gone takes its types
 * with it, so that a type that was taken out of the settings is refused when a reload has ended.
 */
import type { WorkerId } from '../protocol.ts'
import type { Books } from './books.ts'

/** A worker has said what it runs. */
export function noteHandledTypes(books: Books, worker: WorkerId, types: readonly string[]): void {
  books.handled.set(worker, types)
  writeHandledTypes(books)
}

/** The worker is gone. The types of the last one stay: the next ones are likely to run the same. */
export function forgetHandledTypes(books: Books, worker: WorkerId): void {
  books.handled.delete(worker)
  if (books.handled.size > 0) writeHandledTypes(books)
}

/** @returns null as long as no worker ever told */
export function readHandledTypes(books: Books): string[] | null {
  const types = books.statement('SELECT type FROM handled_types').all()
  return types.length === 0 ? null : types.map(({ type }) => String(type))
}

function writeHandledTypes(books: Books): void {
  const types = new Set([...books.handled.values()].flat())
  const written = new Set(readHandledTypes(books))
  const remove = books.statement('DELETE FROM handled_types WHERE type = ?')
  for (const type of written.difference(types)) remove.run(type)
  const insert = books.statement('INSERT INTO handled_types (type) VALUES (?)')
  for (const type of types.difference(written)) insert.run(type)
}
