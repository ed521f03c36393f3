/** Asks a running daemon over its control socket. */
import { connect } from 'node:net'
import { errnoOf, MydError } from '../errors.ts'
import { createLineReader, parseLine, toLine } from '../system/line-reader.ts'
import type { ControlAnswer, ControlCommand } from './control.ts'

/**
 * @param timeoutMs how long the answer may take; 0: as long as the daemon lives
 * @throws MydError NOT_RUNNING when nobody listens, or the answer does not come; PERMISSION when this user may not ask
 */
export function askControl(path: string, command: ControlCommand, timeoutMs: number): Promise<ControlAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    const giveUp = (error: MydError) => {
      socket.destroy()
      reject(error)
    }
    const fail = (message: string) => giveUp(new MydError('NOT_RUNNING', message, { path }))
    if (timeoutMs > 0) socket.setTimeout(timeoutMs, () => fail(`no answer from the daemon within ${timeoutMs} ms`))
    socket.on('connect', () => socket.write(toLine(command)))
    socket.on('error', (error) => giveUp(refusal(path, error)))
    socket.on('close', () => fail('the daemon closed the connection without an answer'))
    const read = createLineReader(
      (line) => {
        const answer = parseLine(line) as unknown as ControlAnswer | null
        if (answer === null) return fail('the answer makes no sense')
        socket.destroy()
        resolve(answer)
      },
      () => fail('the answer is too long'),
    )
    socket.on('data', read)
  })
}

function refusal(path: string, cause: unknown): MydError {
  const isForbidden = ['EACCES', 'EPERM'].includes(errnoOf(cause) ?? '')
  if (!isForbidden) return new MydError('NOT_RUNNING', `no daemon answers at ${path}`, { cause, path })
  const hint = 'run this as the user of the daemon, or as root'
  return new MydError('PERMISSION', `no permission to use ${path}`, { cause, path, hint })
}
