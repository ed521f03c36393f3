/** Starts the next process of a detaching start: the same executable in another role. */
import { type ChildProcess, spawn } from 'node:child_process'
import { ROLE_VARIABLE, SOCKETS_VARIABLE } from '../protocol.ts'
import { childEnvironment } from './child-environment.ts'
import { selfCommand } from './executable.ts'
import { type InheritedSocket, nameInheritedSockets } from './inherited-sockets.ts'

export interface RoleOptions {
  /** Path the program was started by, for ps. */
  readonly program: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Variables passed on although they are held back otherwise. */
  readonly pass: readonly string[]
  /** Where standard output and error go. */
  readonly outputFd: number
  readonly lockFd: number
  /** Passed on, from FD.sockets on. */
  readonly inherited: readonly InheritedSocket[]
}

export function spawnRole(role: 'intermediate' | 'master', options: RoleOptions): ChildProcess {
  const { file, args } = selfCommand()
  const { inherited } = options
  const own: Record<string, string> = { [ROLE_VARIABLE]: role }
  if (inherited.length > 0) own[SOCKETS_VARIABLE] = nameInheritedSockets(inherited)
  const descriptors = [options.lockFd, ...inherited.map(({ descriptor }) => descriptor)]
  return spawn(file, args, {
    argv0: options.program,
    cwd: '/',
    detached: role === 'intermediate', // setsid: the intermediate leads the new session
    env: childEnvironment(options.environment, options.pass, own),
    stdio: ['ignore', options.outputFd, options.outputFd, 'pipe', ...descriptors],
  })
}
