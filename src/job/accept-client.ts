/** A client comes to the store: its lines are read, checked and handed on; what is wrong with them it is told at once. */
import type { Socket } from 'node:net'
import { parseLine } from '../system/line-reader.ts'
import { Connection } from './connection.ts'
import { parseRequest, readRequestId } from './parse-request.ts'
import type { TurnLoop } from './turn.ts'
import { type Operation, Refusal } from './wire.ts'
import type { WorkerTable } from './worker-table.ts'

const CONNECTION_LIMIT = 4096

export interface Clients {
  readonly loop: TurnLoop
  readonly workers: WorkerTable
  readonly connections: Set<Connection>
}

/** @returns false when there were too many: the client was told so and hung up on */
export function acceptClient(clients: Clients, socket: Socket, lineLimitBytes: number): boolean {
  const { connections, workers, loop } = clients
  const connection = new Connection(socket, lineLimitBytes, {
    onLine: (line) => receive(clients, connection, line),
    onClose() {
      connections.delete(connection)
      loop.forget(connection)
      workers.closed(connection)
    },
  })
  if (connections.size >= CONNECTION_LIMIT && !dropSilent(connections)) {
    connection.refuse(null, { code: 'busy', message: `${connections.size} clients are connected; try again later` })
    connection.end()
    return false
  }
  connections.add(connection)
  return true
}

/** Makes place: the oldest client that never said anything goes. */
function dropSilent(connections: Set<Connection>): boolean {
  for (const connection of connections) {
    if (connection.isUsed) continue
    connection.destroy()
    connections.delete(connection)
    return true
  }
  return false
}

function receive(clients: Clients, connection: Connection, line: string): void {
  connection.isUsed = true
  const fields = parseLine(line)
  try {
    if (fields === null) throw new Refusal('bad-request', 'a request is one JSON object on one line')
    const request = parseRequest(fields)
    admit(clients, connection, request.operation)
    clients.loop.ask({ connection, request })
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    connection.refuse(readRequestId(fields), error.wire)
    connection.flush()
  }
}

/** @throws Refusal when this client may not ask this */
function admit({ workers, loop }: Clients, connection: Connection, operation: Operation): void {
  const { op } = operation
  if (op === 'attach') workers.attach(connection, operation.worker, operation.types)
  else if (op === 'take' || op === 'finish' || op === 'release') workers.require(connection)
  if (op === 'release' && operation.stop === true) loop.stopTaking(connection)
}
