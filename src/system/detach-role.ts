/** Starts the next process of a detaching start: the same executable in another role. */
import { type ChildProcess, spawn } from 'node:child_process'
import { ROLE_VARIABLE } from '../protocol.ts'
import { childEnvironment } from './child-environment.ts'
import { selfCommand } from './executable.ts'

export interface RoleOptions {
  /** Path the program was started by, for ps. */
  readonly program: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Variables passed on although they are held back otherwise. */
  readonly pass: readonly string[]
  /** Where standard output and error go. */
  readonly outputFd: number
  readonly lockFd: number
}

export function spawnRole(role: 'intermediate' | 'master', options: RoleOptions): ChildProcess {
  const { file, args } = selfCommand()
  return spawn(file, args, {
    argv0: options.program,
    cwd: '/',
    detached: role === 'intermediate', // setsid: the intermediate leads the new session
    env: childEnvironment(options.environment, options.pass, { [ROLE_VARIABLE]: role }),
    stdio: ['ignore', options.outputFd, options.outputFd, 'pipe', options.lockFd],
  })
}
