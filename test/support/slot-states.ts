/** A slot in every state, every event, and a step from one to the next. */

import { transition } from '../../src/master/slot.ts'
import type { Berth, Child, Slot, SlotEvent, SlotState, Transition } from '../../src/master/slot-state.ts'
import { emptySlot } from '../../src/master/slot-state.ts'
import { code, killedBy, POLICY } from './supervision.ts'

export const NOW = 1_000_000
export const CHILD: Child = { seat: 0, id: 7, generation: 1, pid: 42, startedAt: NOW - 5000, keys: [], isLate: false }
export const BERTH: Berth = { seat: 1, id: 8, generation: 2 }

/** Each state, with a deadline that is just due. */
export const STATES: { [Name in SlotState['name']]: Extract<SlotState, { name: Name }> } = {
  empty: { name: 'empty' },
  starting: { name: 'starting', child: CHILD, deadline: NOW },
  ready: { name: 'ready', child: CHILD, readyAt: NOW - 4000 },
  draining: { name: 'draining', child: CHILD, deadline: NOW, cause: 'reload' },
  killing: { name: 'killing', child: CHILD, deadline: NOW, cause: 'quit' },
  backoff: { name: 'backoff', deadline: NOW },
  failed: { name: 'failed', deadline: NOW, exit: code(1) },
}

export const EVENTS: { [Type in SlotEvent['type']]: Extract<SlotEvent, { type: Type }> } = {
  start: { type: 'start', berth: BERTH },
  spawned: { type: 'spawned', pid: 99 },
  ready: { type: 'ready' },
  listening: { type: 'listening', key: 'tcp:*:80' },
  unlisten: { type: 'unlisten', key: 'tcp:*:80' },
  pulse: { type: 'pulse', isLate: true },
  draining: { type: 'draining', cause: 'terminated' },
  exited: { type: 'exited', reason: killedBy('SIGSEGV'), berth: BERTH },
  drain: { type: 'drain', cause: 'scale' },
  kill: { type: 'kill', cause: 'quit' },
  deadline: { type: 'deadline', berth: BERTH },
}

export const STATE_NAMES = Object.keys(STATES) as SlotState['name'][]
export const EVENT_TYPES = Object.keys(EVENTS) as SlotEvent['type'][]

export const slotIn = (state: SlotState, more: Partial<Slot> = {}): Slot => ({
  ...emptySlot(3),
  restarts: 0,
  ...more,
  state,
})
export const step = (slot: Slot, event: SlotEvent, now = NOW): Transition => transition(slot, event, now, POLICY)
