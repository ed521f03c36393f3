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

/**
 * After each event: sockets that nobody serves are lent, those whose own worker is back are taken back.
 * @param before the state before the event, which mostly changes nothing here
 */
export function continueLending(before: MasterState, state: MasterState): Step {
  if (state.sockets.length === 0 || state.phase.name === 'draining') return stay(state)
  if (before.places === state.places && before.sockets === state.sockets && before.loans === state.loans) {
    return stay(state)
  }
  const able = groupAble(state)
  const current = new Map(state.loans.map((loan) => [nameOf(loan), loan]))
  const burdens = new Map<number, number>()
  const loans: Loan[] = []
  for (const { key, slot } of state.sockets) {
    const children = able.get(key)
    if (slot === null || children === undefined || children.has(slot)) continue
    const kept = current.get(nameOf({ key, slot }))
    const isKept = kept !== undefined && children.get(slotOf(kept.borrower))?.id === kept.borrower.id
    const loan = isKept ? kept : { key, slot, borrower: leastBurdened(children, burdens) }
    burdens.set(loan.borrower.id, (burdens.get(loan.borrower.id) ?? 0) + 1)
    loans.push(loan)
  }
  return changeLoans(state, loans)
}

const nameOf = ({ key, slot }: { readonly key: SocketKey; readonly slot: number }): string => `${slot} ${key}`

/** By address: the able workers, by slot. */
function groupAble(state: MasterState): Map<SocketKey, Map<number, Child>> {
  const groups = new Map<SocketKey, Map<number, Child>>()
  for (const slot of workerSlots(state)) {
    const child = ableChild(slot)
    for (const key of child?.keys ?? []) {
      const group = groups.get(key) ?? new Map<number, Child>()
      groups.set(key, group.set(slot.index, child!))
    }
  }
  return groups
}

/** It was not taken: another borrower is found, or the same one asked again. */
export function loanFailed(state: MasterState, { key, slot, borrower }: Loan): MasterState {
  const isIt = (loan: Loan) => loan.key === key && loan.slot === slot && loan.borrower.id === borrower.id
  return { ...state, loans: state.loans.filter((loan) => !isIt(loan)) }
}

function changeLoans(state: MasterState, loans: readonly Loan[]): Step {
  const was = new Set(state.loans)
  const is = new Set(loans)
  const ended = state.loans.filter((loan) => !is.has(loan))
  const begun = loans.filter((loan) => !was.has(loan))
  if (ended.length === 0 && begun.length === 0) return stay(state)
  const seated = new Set(workerSlots(state).flatMap((slot) => childOf(slot)?.id ?? []))
  const actions: MasterAction[] = [
    ...begun.map((loan) => ({ type: 'lend', loan }) as const),
    ...ended.filter(({ borrower }) => seated.has(borrower.id)).map((loan) => ({ type: 'take-back', loan }) as const),
  ]
  return { state: { ...state, loans }, actions }
}

const slotOf = (child: Child): number => child.seat >> 1

function leastBurdened(able: ReadonlyMap<number, Child>, burdens: ReadonlyMap<number, number>): Child {
  let least: Child | null = null
  for (const child of able.values()) {
    const burden = burdens.get(child.id) ?? 0
    if (burden === 0) return child
    if (least === null || burden < (burdens.get(least.id) ?? 0)) least = child
  }
  return least!
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
 * Gives up the addresses that no worker has any more: a service closed a server, a reload took it away or was given up.
 * Not while a worker is missing: it may be the one that comes back to it.
 */
export function closeUnused(state: MasterState): Step {
  if (state.sockets.length === 0) return stay(state)
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

/** After each event. During a reload the successors may still want an address. */
export function continueClosing(before: MasterState, state: MasterState): Step {
  const isSame =
    before.phase === state.phase &&
    before.places === state.places &&
    before.sockets === state.sockets &&
    before.reload === state.reload
  return isSame || state.reload.name !== 'idle' ? stay(state) : closeUnused(state)
}
