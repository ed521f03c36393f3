/**
 * The control socket's server, in the master. It takes no request data, bounds what a client may send and keep open,
 * and never makes the master wait: a client that does not read is dropped.
 */
import { rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import type { Component } from '../component.ts'
import { createLineReader, parseLine, toLine } from '../system/line-reader.ts'
import { bindUnixSocket } from '../system/unix-socket.ts'
import { type ControlAnswer, type ControlCommand, parseControlCommand } from './control.ts'

const LINE_LIMIT_BYTES = 4096
const MAX_CONNECTIONS = 64
const MAX_UNREAD_BYTES = 4 * 1024 * 1024
const EXIT_USAGE = 64
/** At the stop, answers may take this long to be read; a client that does not read must not keep the daemon. */
const LAST_ANSWERS_MS = 500

export type AnswerControl = (command: ControlCommand, answer: (answer: ControlAnswer) => void) => void

/** @param onRefused a connection could not be accepted (no descriptor is left): the server goes on */
export function createControlServer(
  path: string,
  onCommand: AnswerControl,
  onRefused: (reason: string) => void = () => {},
): Component {
  let server: Server | null = null
  const clients = new Set<Socket>()
  return {
    name: 'control socket',
    async start() {
      const fd = bindUnixSocket(path, 0o600)
      server = createServer((client) => serve(client, clients, onCommand))
      server.maxConnections = MAX_CONNECTIONS
      const listening = server
      await new Promise<void>((resolve, reject) => {
        listening.once('error', reject)
        listening.listen({ fd }, () => {
          listening.removeListener('error', reject)
          listening.on('error', (error) => onRefused(error.message))
          resolve()
        })
      })
    },
    async stop() {
      const closing = server
      server = null
      if (closing === null) return
      const closed = new Promise<void>((resolve) => closing.close(() => resolve()))
      for (const client of clients) client.destroySoon()
      const timer = setTimeout(dropAll, LAST_ANSWERS_MS, clients)
      await closed
      clearTimeout(timer)
      rmSync(path, { force: true })
    },
  }
}

function dropAll(clients: ReadonlySet<Socket>): void {
  for (const client of clients) client.destroy()
}

function serve(client: Socket, clients: Set<Socket>, onCommand: AnswerControl): void {
  clients.add(client)
  client.on('close', () => clients.delete(client))
  client.on('error', () => client.destroy())
  const say = (message: unknown) => {
    if (client.destroyed) return
    client.write(toLine(message))
    if (client.writableLength > MAX_UNREAD_BYTES) client.destroy()
  }
  const refuse = (message: string) => say({ exit: EXIT_USAGE, message })
  const onLine = (line: string) => {
    const value = parseLine(line)
    const command = value === null ? null : parseControlCommand(value)
    if (value === null || command === null) return refuse('not a command of this version')
    const { id } = value
    onCommand(command, (answer) => say({ id, ...answer }))
  }
  const onTooLong = (limit: number) => {
    refuse(`a line may have ${limit} bytes`)
    client.destroySoon()
  }
  client.on('data', createLineReader(onLine, onTooLong, LINE_LIMIT_BYTES))
}
