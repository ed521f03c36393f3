/** `verify`: is an executable whole? Reads all of it and compares with the digest at its end. */
import { resolve } from 'node:path'
import { MydError } from '../errors.ts'
import { isPacked } from '../system/executable.ts'
import { verifyTrailer } from '../system/trailer.ts'
import type { Command } from './context.ts'

export const runVerify: Command = async (context) => {
  const [named, ...more] = context.args
  if (more.length > 0) throw new MydError('USAGE', 'verify takes one file', { hint: 'verify dist/myd' })
  if (named === undefined && !isPacked()) {
    throw new MydError('USAGE', 'this program runs from source: there is no executable to verify', {
      hint: 'verify dist/myd',
    })
  }
  const path = named === undefined ? '/proc/self/exe' : resolve(context.launch.directory, named)
  const verdict = await verifyTrailer(path)
  const shown = named ?? context.program
  if (context.json) context.stdout(`${JSON.stringify({ file: shown, ...verdict })}\n`)
  else if (verdict.ok)
    context.stdout(`${shown} is whole: sha256 ${verdict.sha256} over ${verdict.contentBytes} bytes\n`)
  if (verdict.ok) return 0
  throw new MydError('CHECK_FAILED', `${shown} is not whole: ${verdict.message}`, {
    hint: 'copy it again, and compare its checksum',
  })
}
