/** The environment of the program under test: nothing of the caller's but PATH, and not even that for the executable. */
import { isPackaged } from './program.ts'

/** @param home by it the processes of one test are recognised: every process that they start inherits it */
export function cleanEnvironment(home: string): Record<string, string> {
  return { PATH: isPackaged() ? '' : (process.env.PATH ?? ''), HOME: home }
}
