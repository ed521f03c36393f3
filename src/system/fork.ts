/**
 * child_process.fork and cluster.fork of a service. Both start process.execPath with the path of a module, which is
 * right for `node` and would start the whole program again in the packed executable. So they start this program in
 * the role `module`, packed or not, which runs the module as Node would. Whoever names another executable gets it.
 */
import childProcess, { type ChildProcess, type ForkOptions } from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'
import { fileURLToPath } from 'node:url'
import { PARENT_VARIABLE, ROLE_VARIABLE } from '../protocol.ts'
import { isPacked, selfCommand } from './executable.ts'

type Environment = Readonly<Record<string, string | undefined>>
type Fork = (path: string | URL, args?: readonly string[], options?: ForkOptions) => ChildProcess

/**
 * Once in a process, before node:cluster is loaded, which keeps the `fork` that it finds, and before process.argv
 * is changed.
 * @param environment of this process, as it is when something is forked
 */
export function adaptFork(environment: Environment): void {
  const fork = childProcess.fork as Fork
  const self = selfCommand()
  const adapted = (path: string | URL, second?: readonly string[] | ForkOptions | null, third?: ForkOptions) => {
    const args = Array.isArray(second) ? second : []
    const options = (Array.isArray(second) ? third : ((second as ForkOptions | null | undefined) ?? third)) ?? {}
    if (options.execPath !== undefined && options.execPath !== process.execPath) return fork(path, args, options)
    const file = path instanceof URL ? fileURLToPath(path) : path
    const own = { [ROLE_VARIABLE]: 'module', [PARENT_VARIABLE]: String(process.pid) }
    const ours = { argv0: process.argv0, execPath: self.file, env: { ...(options.env ?? environment), ...own } }
    if (isPacked()) return fork(file, args, { ...options, ...ours, execArgv: [] }) // Node's options are built in there
    const execArgv = [...(options.execArgv ?? process.execArgv), '--']
    return fork(self.args.at(-1) ?? '', [file, ...args], { ...options, ...ours, execArgv })
  }
  Object.assign(childProcess, { fork: adapted })
  syncBuiltinESMExports()
}
