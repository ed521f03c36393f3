/** Asks a running daemon over its control socket. */
import { connect } from 'node:net'
import { MydError } from '../errors.ts'
import { createLineReader, parseLine, toLine } from '../system/line-reader.ts'
import type { ControlAnswer, ControlCommand } from './control.ts'

/**
 * @param timeoutMs how long the answer may take; 0: as long as the daemon lives
 * @throws MydError NOT_RUNNING when nobody listens, or the answer does not come
 */
export function askControl(path: string, command: ControlCommand, timeoutMs: number): Promise<ControlAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    const fail = (message: string, cause?: unknown) => {
      socket.destroy()
      reject(new MydError('NOT_RUNNING', message, { cause, path }))
    }
    if (timeoutMs > 0) socket.setTimeout(timeoutMs, () => fail(`no answer from the daemon within ${timeoutMs} ms`))
    socket.on('connect', () => socket.write(toLine(command)))
    socket.on('error', (error) => fail(`no daemon answers at ${path}`, error))
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
