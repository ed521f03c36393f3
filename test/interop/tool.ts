/** Programs of the system that act as clients. */
import { spawn } from 'node:child_process'
import type { TestContext } from 'node:test'
import { which } from '../../src/system/which.ts'
import { type Ended, ended } from '../support/instance.ts'

/** The reason to skip a test, or false. */
export function missing(tool: string): string | false {
  return which(tool, process.env.PATH) === null ? `there is no ${tool}: apt-get install ${tool}` : false
}

/** What it printed and how it ended; with the test at the latest. */
export async function runTool(t: TestContext, file: string, args: readonly string[]): Promise<Ended> {
  return await ended(spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], signal: t.signal }))
}
