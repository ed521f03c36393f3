/**
 * Who accepts on which listening socket. Each slot has a socket of its own for each address, which outlives its
 * workers; while nobody in the slot accepts (it starts, is failed, hangs, was scaled away), its socket is lent to a
 * ready worker, because what the kernel puts into its queue would wait. Pure.
 *
 * Invariants: a loan's borrower is able to accept there; a slot that has an able worker of its own has no loan, and
 * every other one has a loan as long as any worker is able.
 */
import type { SocketKey } from '../protocol.ts'
import { type Child, childOf, type Slot } from './slot-state.ts'
import {
  type HeldSocket,
  type Loan,
  type MasterAction,
  type MasterState,
  type Step,
  stay,
  workerSlots,
} from './state.ts'

/** The child of a slot that accepts connections now: ready, on time, not draining. */
function ableChild(slot: Slot): Child | null {
  return slot.state.name === 'ready' && !slot.state.child.isLate ? slot.state.child : null
}

/** Every worker that accepts on an address now, in the order of the slots. */
export function ableWorkers(state: MasterState, key: SocketKey): Child[] {
  return workerSlots(state).flatMap((slot) => {
    const child = ableChild(slot)
    return child?.keys.includes(key) ? [child] : []
  })
}

/** Sockets that the master holds from now on. */
export function holdSockets(state: MasterState, sockets: readonly HeldSocket[]): MasterState {
  const isNew = (one: HeldSocket) => !state.sockets.some(({ key, slot }) => key === one.key && slot === one.slot)
  return { ...state, sockets: [...state.sockets, ...sockets.filter(isNew)] }
}

/** After each event: sockets that nobody serves are lent, those whose own worker is back are taken back. */
export function continueLending(state: MasterState): Step {
  if (state.sockets.length === 0 || state.phase.name === 'draining') return stay(state)
  const loans: Loan[] = []
  for (const { key, slot } of state.sockets) {
    if (slot === null) continue
    const able = ableWorkers(state, key)
    if (able.length === 0 || able.some((child) => slotOf(child) === slot)) continue
    const kept = state.loans.find((loan) => loan.key === key && loan.slot === slot && hasChild(able, loan.borrower))
    loans.push(kept ?? { key, slot, borrower: leastBurdened(able, loans) })
  }
  return changeLoans(state, loans)
}

function changeLoans(state: MasterState, loans: readonly Loan[]): Step {
  const ended = state.loans.filter((loan) => !loans.includes(loan))
  const begun = loans.filter((loan) => !state.loans.includes(loan))
  if (ended.length === 0 && begun.length === 0) return stay(state)
  const actions: MasterAction[] = [
    ...begun.map((loan) => ({ type: 'lend', loan }) as const),
    ...ended.filter(({ borrower }) => isSeated(state, borrower)).map((loan) => ({ type: 'take-back', loan }) as const),
  ]
  return { state: { ...state, loans }, actions }
}

const slotOf = (child: Child): number => child.seat >> 1
const hasChild = (children: readonly Child[], { id }: Child): boolean => children.some((child) => child.id === id)

function isSeated(state: MasterState, child: Child): boolean {
  return workerSlots(state).some((slot) => childOf(slot)?.id === child.id)
}

function leastBurdened(able: readonly Child[], loans: readonly Loan[]): Child {
  const burden = (child: Child) => loans.filter(({ borrower }) => borrower.id === child.id).length
  return able.reduce((least, child) => (burden(child) < burden(least) ? child : least))
}

/**
 * What nobody accepts on when this child has ended: its address goes, or the daemon does. A worker that is about to be
 * ready counts, and one that is late: they have the address, and will be back.
 */
export function lastKeys(state: MasterState, leaving: Child): readonly SocketKey[] {
  if (state.phase.name === 'draining') return leaving.keys
  const others = usedKeys(state, (child) => child.id !== leaving.id)
  return leaving.keys.filter((key) => !others.has(key))
}

/** What the workers have that serve or will. */
function usedKeys(state: MasterState, counts: (child: Child) => boolean = () => true): Set<SocketKey> {
  const serving = workerSlots(state).filter((slot) => slot.state.name === 'starting' || slot.state.name === 'ready')
  const children = serving.flatMap((slot) => childOf(slot) ?? []).filter(counts)
  return new Set(children.flatMap(({ keys }) => keys))
}

/**
 * Gives up the addresses that no worker has any more: a service closed a server, or a reload took it away. Not while a
 * worker is missing: it may be the one that comes back to it.
 */
export function closeUnused(state: MasterState): Step {
  const isWhole = state.places.slice(0, state.proc).every(({ current }) => current.state.name === 'ready')
  if (state.phase.name !== 'running' || !isWhole) return stay(state)
  const used = usedKeys(state)
  const keys = [...new Set(state.sockets.map(({ key }) => key).filter((key) => !used.has(key)))]
  if (keys.length === 0) return stay(state)
  const gone = (one: { readonly key: SocketKey }) => keys.includes(one.key)
  return {
    state: {
      ...state,
      sockets: state.sockets.filter((socket) => !gone(socket)),
      loans: state.loans.filter((loan) => !gone(loan)),
    },
    actions: [{ type: 'close-sockets', keys }],
  }
}

/** A service closed a server. During a reload its successors may still want the address. */
export function unlistened(state: MasterState): Step {
  return state.reload.name === 'idle' ? closeUnused(state) : stay(state)
}
