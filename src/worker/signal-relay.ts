/**
 * Signals of a worker are its supervisor's to act on, though its service may listen for them too: what was written for
 * a process of its own (`process.on('SIGTERM', () => server.close(…))`) still runs, when the worker says so.
 *
 * A signal of the kernel comes as `process.emit(name, name, number)`: Node binds `process.emit` when the first listener
 * for a signal is installed. So ours is put there before, and holds the signals back.
 */
import { constants } from 'node:os'

export interface SignalRelay {
  /** Gives a signal to the service's own listeners. @returns whether it has any */
  deliver(name: NodeJS.Signals): boolean
  /** Everything as it was before. */
  release(): void
}

/**
 * From now on these signals call `onSignal`, and nobody else. Before anything else listens for one of them.
 * @param onSignal also called for `process.emit(name)` by the service
 */
export function holdSignals(names: readonly NodeJS.Signals[], onSignal: (name: NodeJS.Signals) => void): SignalRelay {
  const held = new Set<string | symbol>(names)
  const emit = process.emit
  const emitHeld = (event: string | symbol, ...values: unknown[]): boolean => {
    if (!held.has(event)) return Reflect.apply(emit, process, [event, ...values])
    onSignal(event as NodeJS.Signals)
    return true
  }
  /** Keeps the signal from its default action, also when the service takes all listeners away. */
  const trap = (): void => {}
  const trapAgain = (event: string | symbol, listener: unknown): void => {
    if (listener === trap && held.has(event)) process.on(event as NodeJS.Signals, trap)
  }
  Object.assign(process, { emit: emitHeld })
  for (const name of names) process.on(name, trap)
  process.on('removeListener', trapAgain)
  return {
    deliver(name) {
      if (process.listenerCount(name) <= 1) return false
      return Reflect.apply(emit, process, [name, name, constants.signals[name]])
    },
    release() {
      process.removeListener('removeListener', trapAgain)
      for (const name of names) process.removeListener(name, trap)
      Object.assign(process, { emit })
    },
  }
}
