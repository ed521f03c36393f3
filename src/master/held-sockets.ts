/**
 * The listening sockets in the master's hands: gives each worker that of its slot, lends what nobody serves, and with
 * `balance = "round-robin"` accepts and passes connections on. What a worker asks for is its word only.
 */
import { errnoOf, messageOf } from '../errors.ts'
import type { Emit } from '../events.ts'
import type { ListenQuery, SocketKey } from '../protocol.ts'
import type { Settings } from '../settings/table.ts'
import { keyOf } from '../system/address.ts'
import type { ListenTable } from '../system/listen-table.ts'
import type { Children } from './children.ts'
import { ableWorkers } from './lending.ts'
import { listenPolicyOf } from './policy.ts'
import { RoundRobin } from './round-robin.ts'
import type { HeldSocket, Loan, MasterState } from './state.ts'

/** A service that opens one socket after the other must not take the master's descriptors with it. */
const ADDRESSES_MAX = 256

/** What came of asking: a socket may be bound although it could not be handed over. */
export interface Given {
  readonly socket: HeldSocket | null
  readonly isGiven: boolean
}

interface Opened {
  readonly key: SocketKey
  readonly descriptor: number
  readonly isPassive: boolean
  readonly socket: HeldSocket
}

export interface HeldSocketsOptions {
  readonly table: ListenTable
  readonly children: Pick<Children, 'send' | 'handOver'>
  readonly emit: Emit
  readonly settings: Settings
}

export class HeldSockets {
  readonly #options: HeldSocketsOptions
  #settings: Settings
  readonly #turns = new Map<SocketKey, RoundRobin>()

  constructor(options: HeldSocketsOptions) {
    this.#options = options
    this.#settings = options.settings
  }

  /** For what is bound from now on. */
  configure(settings: Settings): void {
    this.#settings = settings
    this.#options.table.setPolicy(listenPolicyOf(settings))
  }

  /** Binds addresses before a worker asks, so that a mistake is known at once. @throws SystemCallError */
  prepare(queries: readonly ListenQuery[]): HeldSocket[] {
    const { table } = this.#options
    table.prepare(queries)
    return table
      .keys()
      .flatMap((key): HeldSocket[] =>
        table.modeOf(key) === 'shared' ? [{ key, slot: null }] : table.slotsOf(key).map((slot) => ({ key, slot })),
      )
  }

  /** A worker asks for a socket: it gets it, or the reason why not. */
  give(seat: number, request: number, query: ListenQuery): Given {
    const { children, emit } = this.#options
    const refuse = (code: string, reason: string): void => {
      children.send(seat, { type: 'no-socket', request, code, message: reason })
      emit({ type: 'socket.refused', slot: seat >> 1, reason })
    }
    const opened = this.#open(query, seat >> 1)
    if ('code' in opened) {
      refuse(opened.code, opened.reason)
      return { socket: null, isGiven: false }
    }
    const { key, descriptor, isPassive, socket } = opened
    const handover = children.handOver(seat, descriptor)
    if (handover === null) {
      refuse('EAGAIN', `${key}: the worker does not take what it is given`)
      return { socket, isGiven: false }
    }
    children.send(seat, { type: 'socket', request, key, handover, isPassive })
    if (isPassive) this.#takeTurns(key, descriptor)
    return { socket, isGiven: true }
  }

  #open(query: ListenQuery, slot: number): Opened | { readonly code: string; readonly reason: string } {
    const { table } = this.#options
    const asked = keyOf(query)
    const keys = table.keys()
    if (keys.length >= ADDRESSES_MAX && !keys.includes(asked)) {
      return { code: 'EMFILE', reason: `${asked}: the workers listen on ${keys.length} addresses already` }
    }
    try {
      const { key, descriptor } = table.open(query, slot)
      const socket = { key, slot: table.modeOf(key) === 'shared' ? null : slot }
      return { key, descriptor, socket, isPassive: table.isInTurn(key) }
    } catch (error) {
      return { code: errnoOf(error) ?? 'EINVAL', reason: messageOf(error) }
    }
  }

  /** As people write them; the ports that the kernel chose. */
  addresses(): string[] {
    return this.#options.table.addresses()
  }

  /** @returns false when the borrower does not take it now, or has just ended */
  lend({ key, slot, borrower }: Loan): boolean {
    const { table, children, emit } = this.#options
    const descriptor = table.descriptorOf(key, slot)
    if (descriptor === null) return true // its address is closed
    const handover = children.handOver(borrower.seat, descriptor)
    if (handover === null) return false
    children.send(borrower.seat, { type: 'lend', key, slot, handover })
    emit({ type: 'socket.lent', key, slot, to: borrower.seat >> 1 })
    return true
  }

  takeBack({ key, slot, borrower }: Loan): void {
    const { children, emit } = this.#options
    children.send(borrower.seat, { type: 'take-back', key, slot })
    emit({ type: 'socket.returned', key, slot, by: borrower.seat >> 1 })
  }

  close(keys: readonly SocketKey[]): void {
    const { table, emit } = this.#options
    for (const key of keys) {
      this.#turns.get(key)?.stop()
      this.#turns.delete(key)
      table.close(key)
      emit({ type: 'socket.closed', key })
    }
  }

  /** Clients are refused from now on, as far as no worker still accepts what waits. */
  closeAll(): void {
    for (const turn of this.#turns.values()) turn.stop()
    this.#turns.clear()
    this.#options.table.closeAll()
  }

  /** Passes connections to who is able after a step. */
  follow(state: MasterState): void {
    for (const [key, turn] of this.#turns) turn.setAble(ableWorkers(state, key).map(({ seat }) => seat))
  }

  #takeTurns(key: SocketKey, descriptor: number): void {
    if (this.#turns.has(key)) return
    const { children } = this.#options
    const give = (seat: number, connection: number): boolean => {
      const handover = children.handOver(seat, connection)
      if (handover !== null) children.send(seat, { type: 'connection', key, handover })
      return handover !== null
    }
    this.#turns.set(key, new RoundRobin({ descriptor, backlog: this.#settings['socket.backlog'], give }))
  }
}
