/** `node build/verify.ts FILE`: checks a built executable and the digest beside it; exit 1 when something is wrong. */

import { messageOf } from '../src/errors.ts'
import { checkExecutable, checkSum } from './check-executable.ts'

async function verify(path: string): Promise<boolean> {
  const results = [...(await checkExecutable(path, null)), checkSum(path)]
  for (const { check, problem } of results) console.log(`${check.padEnd(10)} ${problem ?? 'ok'}`)
  return results.every((result) => result.problem === null)
}

const [path] = process.argv.slice(2)
if (path === undefined) {
  console.error('usage: node build/verify.ts FILE')
  process.exitCode = 64
} else {
  verify(path).then(
    (isGood) => {
      process.exitCode = isGood ? 0 : 1
    },
    (error: unknown) => {
      console.error(messageOf(error))
      process.exitCode = 1
    },
  )
}
