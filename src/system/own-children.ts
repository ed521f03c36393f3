/**
 * Children that Node started and will reap. A subreaper gets other children too, orphans of its descendants: those it
 * reaps itself, and must never take one of Node's, whose exit would then never be told.
 */
import type { ChildProcess } from 'node:child_process'
import { reap } from './libc.ts'
import { listChildren, readStat } from './proc.ts'

const own = new Set<number>()

/** To be called right after the spawn, before the loop turns. */
export function trackChild(child: ChildProcess): void {
  const { pid } = child
  if (pid === undefined) return
  own.add(pid)
  child.once('exit', () => own.delete(pid))
}

/** Children of this process that it did not start. */
export function listAdopted(): number[] {
  return listChildren(process.pid).filter((pid) => !own.has(pid))
}

/** Reaps adopted children that have ended. */
export function reapOrphans(): void {
  for (const pid of listAdopted()) if (readStat(pid)?.state === 'Z') reap(pid)
}
