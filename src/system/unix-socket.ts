/** Listening unix sockets by path, made with the right mode at once: changing it afterwards would leave a gap. */
import { rmSync } from 'node:fs'
import { withMode } from './exact-mode.ts'
import { bindSocket, closeDescriptor, listenOn, SOCK_STREAM } from './socket-calls.ts'

const BACKLOG = 511

/**
 * Binds and listens, accepting nothing: the descriptor is for a server here or in a child. What lies at the path is
 * removed, so the caller must hold the instance's lock.
 * @param mode permissions, 0o600 for example
 * @throws SystemCallError
 */
export function bindUnixSocket(path: string, mode: number): number {
  rmSync(path, { force: true })
  const descriptor = withMode(mode, () => bindSocket(SOCK_STREAM, { kind: 'unix', path }, path))
  try {
    listenOn(descriptor, BACKLOG, path)
    return descriptor
  } catch (error) {
    closeDescriptor(descriptor)
    throw error
  }
}
