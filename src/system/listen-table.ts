/**
 * The listening sockets of an instance. With `balance = "kernel"` a TCP address has one socket for each slot, which
 * share the port (SO_REUSEPORT): the kernel spreads connections over them, and each outlives the workers of its slot.
 * Everything else has one socket for all: unix sockets, UDP, what systemd passed.
 *
 * Invariants: a key is bound once, however often it is asked for; every slot's socket of a key is bound to the same
 * address and port; what is not in the table is closed, but for what systemd passed, which stays open until closeAll.
 */
import { constants } from 'node:os'
import type { ListenQuery, SocketKey } from '../protocol.ts'
import { formatHostPort, keyOf } from './address.ts'
import { bindUdp, boundAddress, type IpAddress, listenTcp, probeTcp } from './bind-ip.ts'
import { bindUnix, type OwnFile, removeOwnFile } from './bind-unix.ts'
import { type InheritedSocket, isServedBy } from './inherited-sockets.ts'
import { SystemCallError } from './libc.ts'
import { closeDescriptor, localEndpoint } from './socket-calls.ts'

/** Settings that decide how sockets are bound. */
export interface ListenPolicy {
  readonly balance: 'kernel' | 'shared' | 'round-robin'
  /** Connections that may wait, where a query does not say it. */
  readonly backlog: number
  /** Of unix sockets. */
  readonly socketMode: number
  /** `user`, `user:group` or `:group`; null for ours. */
  readonly socketOwner: string | null
}

export interface OpenSocket {
  readonly key: SocketKey
  /** Stays the table's. */
  readonly descriptor: number
}

type Held =
  | { readonly mode: 'per-slot'; readonly address: IpAddress; readonly sockets: Map<number, number> }
  | {
      readonly mode: 'shared'
      readonly descriptor: number
      readonly isInherited: boolean
      /** One process accepts and passes connections on. */
      readonly isInTurn: boolean
      readonly file: OwnFile | null
    }

const FIRST_SLOT = 0
const { EADDRNOTAVAIL } = constants.errno

export class ListenTable {
  readonly #held = new Map<SocketKey, Held>()
  #policy: ListenPolicy
  #inherited: readonly InheritedSocket[]
  readonly #onLeft: (path: string, reason: string) => void

  /**
   * @param inherited owned by the table from now on
   * @param onLeft the file of a unix socket that is closed could not be removed
   */
  constructor(
    policy: ListenPolicy,
    inherited: readonly InheritedSocket[],
    onLeft: (path: string, reason: string) => void = () => {},
  ) {
    this.#policy = policy
    this.#inherited = inherited
    this.#onLeft = onLeft
  }

  /**
   * Binds what the settings ask for, so that a mistake is known before a worker starts: all of it, or nothing more
   * than was bound. @throws SystemCallError
   */
  prepare(queries: readonly ListenQuery[]): void {
    const before = new Set(this.keys())
    try {
      for (const query of queries) if (!this.#held.has(keyOf(query))) this.open(query, FIRST_SLOT)
    } catch (error) {
      for (const key of this.keys()) if (!before.has(key)) this.close(key)
      throw error
    }
  }

  /** The socket of a slot, bound when it is asked for first. @throws SystemCallError, or an error of the system */
  open(query: ListenQuery, slot: number): OpenSocket {
    const key = keyOf(query)
    const held = this.#held.get(key)
    if (held === undefined) return { key, descriptor: this.#bind(key, query, slot) }
    if (held.mode === 'shared') return { key, descriptor: held.descriptor }
    const existing = held.sockets.get(slot)
    if (existing !== undefined) return { key, descriptor: existing }
    const descriptor = listenTcp(held.address, this.#backlogOf(query), true)
    held.sockets.set(slot, descriptor)
    return { key, descriptor }
  }

  /** @throws when there is no such key */
  modeOf(key: SocketKey): Held['mode'] {
    return this.#expect(key).mode
  }

  /** Whether one process is to accept and to pass connections on: `balance` was round-robin when it was bound. */
  isInTurn(key: SocketKey): boolean {
    const held = this.#expect(key)
    return held.mode === 'shared' && held.isInTurn
  }

  /** Slots that have a socket of their own; none when they share one. */
  slotsOf(key: SocketKey): number[] {
    const held = this.#held.get(key)
    return held?.mode === 'per-slot' ? [...held.sockets.keys()] : []
  }

  /** Stays the table's. @returns null when the slot has none */
  descriptorOf(key: SocketKey, slot: number): number | null {
    const held = this.#held.get(key)
    if (held === undefined) return null
    return held.mode === 'shared' ? held.descriptor : (held.sockets.get(slot) ?? null)
  }

  keys(): SocketKey[] {
    return [...this.#held.keys()]
  }

  /** What clients can connect to, as people write it; the port is the one that the kernel chose. */
  addresses(): string[] {
    return this.keys().flatMap((key) => {
      const descriptor = this.descriptorOf(key, this.slotsOf(key)[0] ?? 0)
      const endpoint = descriptor === null ? null : localEndpoint(descriptor)
      if (endpoint === null) return []
      return [endpoint.kind === 'unix' ? endpoint.path : formatHostPort(endpoint.host, endpoint.port)]
    })
  }

  /** For what is bound from now on; what is bound stays as it is. */
  setPolicy(policy: ListenPolicy): void {
    this.#policy = policy
  }

  /** Closes every socket of a key, and removes the file of a unix socket, or tells `onLeft`. What waits in a queue is reset. */
  close(key: SocketKey): void {
    const held = this.#held.get(key)
    if (held === undefined) return
    this.#held.delete(key)
    if (held.mode === 'per-slot') {
      for (const descriptor of held.sockets.values()) closeDescriptor(descriptor)
      return
    }
    // The file first: one that refuses may be replaced, and the inode of what replaces it may be the same.
    const reason = held.file === null ? null : removeOwnFile(held.file)
    if (!held.isInherited) closeDescriptor(held.descriptor)
    if (held.file !== null && reason !== null) this.#onLeft(held.file.path, reason)
  }

  /** At the end: those that systemd passed too. */
  closeAll(): void {
    for (const key of this.keys()) this.close(key)
    for (const { descriptor } of this.#inherited) closeDescriptor(descriptor)
    this.#inherited = []
  }

  #expect(key: SocketKey): Held {
    const held = this.#held.get(key)
    if (held === undefined) throw new Error(`there is no socket ${key}`)
    return held
  }

  #backlogOf(query: ListenQuery): number {
    return query.backlog ?? this.#policy.backlog
  }

  #bind(key: SocketKey, query: ListenQuery, slot: number): number {
    const inherited = this.#findInherited(key, query)
    if (inherited !== undefined) return this.#share(key, query, inherited.descriptor, { isInherited: true })
    const isPerSlot = query.kind === 'tcp' && this.#policy.balance === 'kernel'
    return isPerSlot ? this.#bindPerSlot(key, query, slot) : this.#bindShared(key, query)
  }

  #bindPerSlot(key: SocketKey, query: ListenQuery, slot: number): number {
    probeTcp(query)
    const descriptor = listenTcp(query, this.#backlogOf(query), true)
    const address = boundAddress(descriptor, query.ipv6Only)
    this.#held.set(key, { mode: 'per-slot', address, sockets: new Map([[slot, descriptor]]) })
    return descriptor
  }

  #bindShared(key: SocketKey, query: ListenQuery): number {
    const backlog = this.#backlogOf(query)
    if (query.kind === 'udp') return this.#share(key, query, bindUdp(query))
    if (query.kind === 'tcp') return this.#share(key, query, listenTcp(query, backlog, false))
    const { socketMode: mode, socketOwner: owner } = this.#policy
    const { descriptor, file } = bindUnix(query.host ?? '', { backlog, mode, owner })
    return this.#share(key, query, descriptor, { file })
  }

  #share(
    key: SocketKey,
    { kind }: ListenQuery,
    descriptor: number,
    { isInherited = false, file = null as OwnFile | null } = {},
  ): number {
    const isInTurn = kind !== 'udp' && this.#policy.balance === 'round-robin'
    this.#held.set(key, { mode: 'shared', descriptor, isInherited, isInTurn, file })
    return descriptor
  }

  /** @throws SystemCallError when a socket is asked for by name, and systemd passed none of that name */
  #findInherited(key: SocketKey, query: ListenQuery): InheritedSocket | undefined {
    if (query.kind !== 'systemd') return this.#inherited.find((socket) => isServedBy(query, socket))
    const found = this.#inherited.filter(({ name }) => name === query.host)[query.index]
    if (found !== undefined) return found
    const names = this.#inherited.map(({ name }) => name).join(', ')
    throw new SystemCallError('listen', EADDRNOTAVAIL, `${key} (systemd passed ${names === '' ? 'nothing' : names})`)
  }
}
