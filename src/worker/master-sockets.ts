/** Sockets from the master: asked for over the channel, received as descriptors over the handover pair. */
import { errnoOf, messageOf } from '../errors.ts'
import type { FromChild, ListenQuery, SocketKey, ToWorker } from '../protocol.ts'
import type { Channel } from '../system/channel.ts'
import { receiveDescriptor } from '../system/handover.ts'
import { closeDescriptor } from '../system/socket-calls.ts'
import type { Listening, SocketOutcome, SocketSource } from './listening.ts'

/** An error of the system that happened in the master. */
class ListenError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

type Take = (outcome: SocketOutcome) => void

export class MasterSockets implements SocketSource {
  readonly #channel: Channel<FromChild>
  readonly #handover: number
  readonly #onProblem: (problem: string) => void
  readonly #waiting = new Map<number, Take>()
  #nextRequest = 1

  /** @param handover this process's end of the pair @param onProblem a descriptor came and could not be taken */
  constructor(channel: Channel<FromChild>, handover: number, onProblem: (problem: string) => void) {
    this.#channel = channel
    this.#handover = handover
    this.#onProblem = onProblem
  }

  open(query: ListenQuery, take: Take): void {
    const request = this.#nextRequest++
    this.#waiting.set(request, take)
    this.#channel.send({ type: 'listen', request, query })
  }

  unlisten(key: SocketKey): void {
    this.#channel.send({ type: 'unlisten', key })
  }

  receive(message: ToWorker, listening: Listening): void {
    switch (message.type) {
      case 'socket':
        return this.#settle(message.request, this.#receiveSocket(message))
      case 'no-socket':
        return this.#settle(message.request, { error: new ListenError(message.code, message.message) })
      case 'take-back':
        return listening.takeBack(message.key, message.slot)
      case 'lend':
        return this.#receiveOne(message, (descriptor) => listening.lend(message.key, message.slot, descriptor))
      case 'connection':
        return this.#receiveOne(message, (descriptor) => listening.connect(message.key, descriptor))
    }
  }

  #settle(request: number, outcome: SocketOutcome): void {
    const take = this.#waiting.get(request)
    this.#waiting.delete(request)
    take?.(outcome)
  }

  #receiveSocket({ key, handover, isPassive }: Extract<ToWorker, { type: 'socket' }>): SocketOutcome {
    try {
      return { socket: { key, descriptor: this.#take(handover), isPassive } }
    } catch (error) {
      return { error }
    }
  }

  /** One that cannot be taken is one client's loss, or a slot's: never the worker's. */
  #receiveOne({ key, handover }: { readonly key: SocketKey; readonly handover: number }, use: (fd: number) => void) {
    let descriptor: number
    try {
      descriptor = this.#take(handover)
    } catch (error) {
      if (errnoOf(error) === undefined) throw error
      return this.#onProblem(`${key}: what the master passed cannot be taken: ${messageOf(error)}`)
    }
    use(descriptor)
  }

  /** The master puts a descriptor there before it says so; what it could not say is passed over. */
  #take(number: number): number {
    for (;;) {
      const received = receiveDescriptor(this.#handover)
      if (received === null) throw new Error(`descriptor ${number} did not come`)
      if (received.number === number) return received.descriptor
      closeDescriptor(received.descriptor)
    }
  }
}
