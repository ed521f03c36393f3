/** Whose heartbeat is late. Pure. */
import { type MasterEvent, type MasterState, workerSlots } from './state.ts'

/** Workers beat once a second. Late enough not to be chance, soon enough that no client waits over 3 s. */
export const LATE_MS = 2000
export const PULSE_MS = 250

/** The master itself, or the whole machine, was stopped for a while: heartbeats say nothing then. */
export function isOverslept(beforeMs: number, nowMs: number): boolean {
  return nowMs - beforeMs > 4 * PULSE_MS
}

/** @param heartbeatOf monotonic ms of the last beat of the child in a seat */
export function findPulses(state: MasterState, heartbeatOf: (seat: number) => number, now: number): MasterEvent[] {
  return workerSlots(state).flatMap(({ state: slot }): MasterEvent[] => {
    if (slot.name !== 'ready' || slot.child.keys.length === 0) return []
    const { seat } = slot.child
    const isLate = now - Math.max(heartbeatOf(seat), slot.readyAt) > LATE_MS
    return isLate === slot.child.isLate ? [] : [{ type: 'child.pulse', seat, isLate }]
  })
}
