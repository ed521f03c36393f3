/** Sockets from the master: asked for over the channel, received as descriptors over the handover pair. */
import type { FromChild, ListenQuery, SocketKey, ToWorker } from '../protocol.ts'
import type { Channel } from '../system/channel.ts'
import { receiveDescriptor } from '../system/handover.ts'
import { closeDescriptor } from '../system/socket-calls.ts'
import type { GivenSocket } from './listener.ts'
import type { Listening, SocketSource } from './listening.ts'

/** An error of the system that happened in the master. */
class ListenError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

export class MasterSockets implements SocketSource {
  readonly #channel: Channel<FromChild>
  readonly #handover: number
  readonly #waiting = new Map<number, PromiseWithResolvers<GivenSocket>>()
  #nextRequest = 1

  /** @param handover this process's end of the pair */
  constructor(channel: Channel<FromChild>, handover: number) {
    this.#channel = channel
    this.#handover = handover
  }

  open(query: ListenQuery): Promise<GivenSocket> {
    const request = this.#nextRequest++
    const waiting = Promise.withResolvers<GivenSocket>()
    this.#waiting.set(request, waiting)
    this.#channel.send({ type: 'listen', request, query })
    return waiting.promise
  }

  unlisten(key: SocketKey): void {
    this.#channel.send({ type: 'unlisten', key })
  }

  receive(message: ToWorker, listening: Listening): void {
    switch (message.type) {
      case 'socket':
        return this.#settle(message.request, (waiting) => {
          const { key, isPassive } = message
          waiting.resolve({ key, descriptor: this.#take(message.handover), isPassive })
        })
      case 'no-socket':
        return this.#settle(message.request, (waiting) =>
          waiting.reject(new ListenError(message.code, message.message)),
        )
      case 'lend':
        return listening.lend(message.key, message.slot, this.#take(message.handover))
      case 'take-back':
        return listening.takeBack(message.key, message.slot)
      case 'connection':
        return listening.connect(message.key, this.#take(message.handover))
    }
  }

  #settle(request: number, settle: (waiting: PromiseWithResolvers<GivenSocket>) => void): void {
    const waiting = this.#waiting.get(request)
    this.#waiting.delete(request)
    if (waiting !== undefined) settle(waiting)
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
