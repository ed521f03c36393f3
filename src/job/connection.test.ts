import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Connection } from './connection.ts'

/** Both ends of a connection. */
async function openPair(context: TestContext): Promise<{ client: Socket; accepted: Socket }> {
  const directory = mkdtempSync(join(tmpdir(), 'connection-'))
  const server = createServer().listen(join(directory, 'socket'))
  await once(server, 'listening')
  const client = connect(join(directory, 'socket'))
  const [[accepted]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [[Socket], unknown]
  context.after(() => {
    client.destroy()
    accepted.destroy()
    server.close()
    rmSync(directory, { recursive: true })
  })
  return { client, accepted }
}

test('what a client wrote before it died is read, although writing to it fails', async (context) => {
  const { client, accepted } = await openPair(context)
  const lines: string[] = []
  const closed = Promise.withResolvers<void>()
  const connection = new Connection(accepted, 1000, { onLine: (line) => lines.push(line), onClose: closed.resolve })
  client.write('first\nlast\n')
  client.destroy()
  connection.tell({ event: 'cancel' })
  connection.flush()
  connection.tell({ event: 'cancel' })
  connection.flush()
  await closed.promise
  assert.deepEqual(lines, ['first', 'last'])
  assert.equal(connection.isOpen(), false)
})

test('what is told goes out in one write, and a line over the limit is answered and ends it', async (context) => {
  const { client, accepted } = await openPair(context)
  const connection = new Connection(accepted, 10, { onLine() {}, onClose() {} })
  connection.answer(1, { a: 1 })
  connection.refuse('x', { code: 'busy', message: 'm' })
  connection.flush()
  const [answers] = await once(client, 'data')
  assert.equal(
    String(answers),
    '{"id":1,"ok":true,"a":1}\n{"id":"x","ok":false,"error":{"code":"busy","message":"m"}}\n',
  )
  client.write('x'.repeat(11))
  assert.match(String((await once(client, 'data'))[0]), /"too-long"/)
  await once(client, 'close')
})
