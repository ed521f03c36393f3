/**
 * Everything that runs is a Component. They are started in order and stopped in reverse; a failing start stops the
 * earlier ones. `stop` before `start`, and `stop` twice, are fine.
 */
export interface Component {
  readonly name: string
  /** Resolves when the component is ready. `signal` gives the start up. */
  start(signal: AbortSignal): Promise<void>
  /** Resolves when nothing of it is left: no listener, timer, socket or file. Never rejects for being stopped. */
  stop(): Promise<void>
}

/** Starts all in order; when one fails, stops those already started, in reverse, and throws the failure. */
export async function startAll(components: readonly Component[], signal: AbortSignal): Promise<void> {
  const started: Component[] = []
  try {
    for (const component of components) {
      signal.throwIfAborted()
      started.push(component)
      await component.start(signal)
    }
  } catch (error) {
    await stopAll(started)
    throw error
  }
}

/** Stops all in reverse order. Every one is stopped, also when another fails; the first failure is thrown at the end. */
export async function stopAll(components: readonly Pick<Component, 'stop'>[]): Promise<void> {
  const failures: unknown[] = []
  for (const component of [...components].reverse()) {
    try {
      await component.stop()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}
