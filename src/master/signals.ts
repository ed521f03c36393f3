/**
 * Signals to the master become events, nothing else. USR1 is listened to before anything: without a listener it opens
 * the inspector. Job-control signals keep their meaning while there is a terminal to control.
 */
const ALWAYS = ['SIGUSR1', 'SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR2'] as const
const WITHOUT_TERMINAL = ['SIGTTIN', 'SIGTTOU'] as const

/** @returns what takes the listeners off again */
export function listenToSignals(
  hasTerminal: boolean,
  onSignal: (signal: string) => void,
  onChild: () => void,
): () => void {
  const names: NodeJS.Signals[] = hasTerminal ? [...ALWAYS] : [...ALWAYS, ...WITHOUT_TERMINAL]
  for (const name of names) process.on(name, onSignal)
  process.on('SIGCHLD', onChild)
  return () => {
    for (const name of names) process.removeListener(name, onSignal)
    process.removeListener('SIGCHLD', onChild)
  }
}
