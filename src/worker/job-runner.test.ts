import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { monotonicMs } from '../clock.ts'
import type { Job, JobHandler } from '../service/define-service.ts'
import { createLineReader, parseLine, toLine } from '../system/line-reader.ts'
import { JobRunner } from './job-runner.ts'

const JOB: Job = {
  ...{ id: 7, type: 'noop', payload: '', command: [], attempt: 1, key: null, directory: '/', umask: 0, timeoutMs: 0 },
}

type Request = Readonly<Record<string, unknown>>

/** A store that gives out one job and then has a full disk: it refuses whatever it would have to write. */
async function startFullStore(context: TestContext): Promise<{ socketPath: string; asked: Request[] }> {
  const directory = mkdtempSync(join(tmpdir(), 'job-runner-'))
  const socketPath = join(directory, 'socket')
  const asked: Request[] = []
  const sockets: Socket[] = []
  const answer = (socket: Socket, request: Request): void => {
    asked.push(request)
    const { id, op } = request
    if (op === 'attach') socket.write(toLine({ id, ok: true, drop: [], cancel: [] }))
    else if (op !== 'take') socket.write(toLine({ id, ok: false, error: { code: 'storage', message: 'full' } }))
    else if (asked.filter((one) => one.op === 'take').length === 1) socket.write(toLine({ id, ok: true, jobs: [JOB] }))
  }
  const server = createServer((socket) => {
    sockets.push(socket)
    const read = createLineReader(
      (line) => answer(socket, parseLine(line) ?? {}),
      () => socket.destroy(),
    )
    socket.on('data', read).on('error', () => {}) // the runner is closed under it
  })
  server.listen(socketPath)
  await once(server, 'listening')
  context.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
    rmSync(directory, { recursive: true })
  })
  return { socketPath, asked }
}

function createRunner(socketPath: string, noop: JobHandler): JobRunner {
  const nothing = (): void => {}
  return new JobRunner({
    ...{ worker: 'w', socketPath, prefetchLimit: 4, handlers: { noop } },
    board: { takeInHand: () => ({ ownGroup: nothing, release: nothing }), countJob: nothing },
    log: { debug: nothing, info: nothing, warning: nothing, error: nothing },
  })
}

test('a store with a full disk is not waited for longer than the last reports may take', async (context) => {
  const { socketPath, asked } = await startFullStore(context)
  const started = Promise.withResolvers<void>()
  const runner = createRunner(socketPath, (_, { signal }) => {
    started.resolve()
    return once(signal, 'abort').then(() => {})
  })
  await runner.start()
  await started.promise
  const before = monotonicMs()
  await runner.drain(AbortSignal.abort())
  await runner.stop()
  assert.ok(asked.some((request) => request.op === 'finish'))
  assert.ok(monotonicMs() - before < 4000, `${monotonicMs() - before} ms`)
})
