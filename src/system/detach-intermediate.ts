/** The intermediate of a detaching start: leads the new session, starts the daemon in it, passes on what launcher and daemon say. */
import type { Socket } from 'node:net'
import { describeExit, exitReason } from '../exit-reason.ts'
import { FD } from '../protocol.ts'
import { adoptSocket, openChannel } from './channel.ts'
import { CANCEL_MS } from './detach-channel.ts'
import { spawnRole } from './detach-role.ts'
import { adoptInheritedSockets } from './inherited-sockets.ts'

/** The intermediate's part: passes on what the two say, until the commit. @returns its exit code */
export function runIntermediate(environment: Record<string, string | undefined>): Promise<number> {
  return new Promise((resolve) => {
    const daemon = spawnRole('master', {
      inherited: adoptInheritedSockets(environment),
      program: process.argv0,
      environment,
      pass: Object.keys(environment),
      outputFd: 1,
      lockFd: FD.lock,
    })
    let committed = false
    const down = openChannel<unknown>(daemon.stdio[3] as Socket, {
      onMessage: (message) => up.send(message),
      onClose: () => committed && resolve(0),
    })
    const up = openChannel<unknown>(adoptSocket(FD.channel), {
      onMessage(message) {
        committed ||= message.type === 'commit'
        down.send(message)
      },
      onClose() {
        if (committed) return
        down.close() // the launcher is gone: the daemon cancels its start
        setTimeout(() => daemon.kill('SIGKILL'), CANCEL_MS).unref()
      },
    })
    for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) process.on(signal, () => {}) // the launcher decides, not a stray signal
    const tell = (how: string) => {
      up.send({ type: 'exited', how })
      up.close()
      resolve(1)
    }
    daemon.once('error', (error) => tell(error.message))
    daemon.once('exit', (code, signal) => tell(describeExit(exitReason(code, signal))))
  })
}
