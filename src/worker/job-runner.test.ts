import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { waitFor } from '../../test/support/wait-for.ts'
import { monotonicMs } from '../clock.ts'
import type { Job } from '../service/define-service.ts'
import type { JobHandler } from '../service/job-handler.ts'
import { createLineReader, parseLine, toLine } from '../system/line-reader.ts'
import { JobRunner } from './job-runner.ts'

const JOB: Job = {
  ...{ id: 7, type: 'noop', payload: '', command: [], attempt: 1, key: null, directory: '/', umask: 0, timeoutMs: 0 },
}

type Request = Readonly<Record<string, unknown>>

type Answer = (request: Request, asked: readonly Request[]) => Request | null

/** A store of which only the answers are played. @param answer without the id; null: not answered (yet) */
async function startStore(context: TestContext, answer: Answer): Promise<{ socketPath: string; asked: Request[] }> {
  const directory = mkdtempSync(join(tmpdir(), 'job-runner-'))
  const socketPath = join(directory, 'socket')
  const asked: Request[] = []
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    const take = (request: Request): void => {
      asked.push(request)
      const said = answer(request, asked)
      if (said !== null) socket.write(toLine({ id: request.id, ...said }))
    }
    const read = createLineReader(
      (line) => take(parseLine(line) ?? {}),
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

const ATTACHED: Request = { ok: true, drop: [], cancel: [] }
const countOf = (asked: readonly Request[], op: string): number => asked.filter((one) => one.op === op).length

/** Gives out one job and then has a full disk: it refuses whatever it would have to write. */
const answerFull: Answer = ({ op }, asked) => {
  if (op === 'attach') return ATTACHED
  if (op !== 'take') return { ok: false, error: { code: 'storage', message: 'full' } }
  return countOf(asked, 'take') === 1 ? { ok: true, jobs: [JOB] } : null
}

/** Gives out jobs 7, 8, 9, one at a time. */
const answerThree: Answer = ({ op }, asked) => {
  if (op === 'attach') return ATTACHED
  if (op !== 'take') return { ok: true, recorded: [] }
  const given = countOf(asked, 'take') - 1
  return given < 3 ? { ok: true, jobs: [{ ...JOB, id: JOB.id + given }] } : null
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
  const { socketPath, asked } = await startStore(context, answerFull)
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

test('what is asked for ahead is given back when the run in hand takes long', async (context) => {
  const { socketPath, asked } = await startStore(context, answerThree)
  const long = Promise.withResolvers<void>()
  const run: number[] = []
  const runner = createRunner(socketPath, async (job) => {
    run.push(job.id)
    if (job.id === 8) await long.promise
  })
  await runner.start()
  const released = () =>
    asked.find((request) => request.op === 'release' && JSON.stringify(request.leases).includes('9'))
  await waitFor('job 9 to be given back', () => released() !== undefined)
  assert.deepEqual(run, [7, 8])
  long.resolve()
  await runner.stop()
})
