/**
 * Will it run here? Every check runs, whatever the others found, and every problem is told at once. A check that
 * throws is itself a failure: it says that it is a bug and the rest goes on. Nothing is changed on the host, but for
 * a database that is written, read and removed again in the state directory.
 */
import { messageOf } from '../errors.ts'
import { checkCLibrary } from './c-library.ts'
import { checkCgroup } from './cgroup.ts'
import { checkCommands } from './commands.ts'
import type { PreflightContext } from './context.ts'
import { checkDirectories } from './directories.ts'
import { checkDisk } from './disk.ts'
import { checkEnvironment } from './environment.ts'
import { checkFileSystem } from './file-system.ts'
import { type Finding, failure } from './finding.ts'
import { checkInstance } from './instance.ts'
import { checkIntegrity } from './integrity.ts'
import { checkKernel } from './kernel.ts'
import { checkLimits } from './limits.ts'
import { checkListen } from './listen.ts'
import { checkMemory } from './memory.ts'
import { checkRuntime } from './runtime.ts'
import { checkService } from './service.ts'
import { checkSettings } from './settings.ts'
import { checkUser } from './user.ts'
import { checkWallClock } from './wall-clock.ts'

export type Check = (context: PreflightContext) => readonly Finding[] | Promise<readonly Finding[]>

/** In the order in which they are run and shown. */
const CHECKS: Readonly<Record<string, Check>> = {
  kernel: checkKernel,
  'c-library': checkCLibrary,
  runtime: checkRuntime,
  integrity: checkIntegrity,
  settings: checkSettings,
  user: checkUser,
  environment: checkEnvironment,
  instance: checkInstance,
  directories: checkDirectories,
  'file-system': checkFileSystem,
  disk: checkDisk,
  listen: checkListen,
  limits: checkLimits,
  memory: checkMemory,
  cgroup: checkCgroup,
  'wall-clock': checkWallClock,
  commands: checkCommands,
  service: checkService,
}

/** @returns what every check found, in order. Never rejects. */
export async function runPreflight(
  context: PreflightContext,
  checks: Readonly<Record<string, Check>> = CHECKS,
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const [name, check] of Object.entries(checks)) {
    try {
      findings.push(...(await check(context)))
    } catch (error) {
      findings.push(
        failure(
          name,
          `the check could not be made: ${messageOf(error)}`,
          'This is a bug in the check; please report it',
        ),
      )
    }
  }
  return findings
}
