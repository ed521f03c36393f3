/**
 * Signals to the master become events, nothing else. They are trapped before anything is done, and kept until the
 * master can take them: without a listener most would end it, and USR1 would open the inspector. Job-control signals
 * keep their meaning while there is a terminal to control.
 */
const ALWAYS = ['SIGUSR1', 'SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR2'] as const
const WITHOUT_TERMINAL = ['SIGTTIN', 'SIGTTOU'] as const

export interface Signals {
  readonly hasTerminal: boolean
  /** Hands over what came so far, and what comes. `onChild`: a child of some kind has ended. */
  deliver(onSignal: (signal: string) => void, onChild: () => void): void
  release(): void
}

export function trapSignals(hasTerminal: boolean): Signals {
  const early: string[] = []
  let onSignal = (signal: string): void => void early.push(signal)
  let onChild = (): void => {}
  const names: NodeJS.Signals[] = hasTerminal ? [...ALWAYS] : [...ALWAYS, ...WITHOUT_TERMINAL]
  const signalled = (signal: string): void => onSignal(signal)
  const childEnded = (): void => onChild()
  for (const name of names) process.on(name, signalled)
  process.on('SIGCHLD', childEnded)
  return {
    hasTerminal,
    deliver(takeSignal, takeChild) {
      onSignal = takeSignal
      onChild = takeChild
      for (const signal of early.splice(0)) takeSignal(signal)
    },
    release() {
      for (const name of names) process.removeListener(name, signalled)
      process.removeListener('SIGCHLD', childEnded)
    },
  }
}
