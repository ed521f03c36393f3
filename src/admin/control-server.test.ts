import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { monotonicMs } from '../clock.ts'
import { errnoOf, MydError } from '../errors.ts'
import type { ControlAnswer } from './control.ts'
import { askControl } from './control-client.ts'
import { type AnswerControl, createControlServer } from './control-server.ts'

async function serve(t: TestContext, onCommand: AnswerControl) {
  const directory = mkdtempSync(join(tmpdir(), 'myd-'))
  const path = join(directory, 'myd.sock')
  const server = createControlServer(path, onCommand)
  t.after(async () => {
    await server.stop()
    rmSync(directory, { recursive: true })
  })
  await server.start(new AbortController().signal)
  return { path, server }
}

const connected = (path: string) =>
  new Promise<Socket>((resolve) => {
    const socket = connect(path, () => resolve(socket))
    socket.on('error', (error) => assert.equal(errnoOf(error), 'EPIPE')) // dropped while it was being written to
  })

test('a client that does not read does not keep the server', async (t) => {
  const bulk: ControlAnswer = { exit: 0, message: 'x'.repeat(1_000_000) }
  let asked: () => void = () => {}
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve
  })
  const { path, server } = await serve(t, (_, answer) => {
    answer(bulk)
    asked()
  })
  const client = await connected(path)
  t.after(() => client.destroy())
  client.write('{"command":"status"}\n')
  await isAsked
  const startedAt = monotonicMs()
  await server.stop()
  assert.ok(monotonicMs() - startedAt < 3000)
  assert.equal(existsSync(path), false)
})

test('what was answered before the stop is let out', async (t) => {
  const { path, server } = await serve(t, (_, answer) => {
    answer({ exit: 0, message: 'last words' })
    void server.stop()
  })
  assert.deepEqual(await askControl(path, { command: 'status' }, 5000), { exit: 0, message: 'last words' })
})

test('a socket that this user may not use: PERMISSION', async (t) => {
  const { path } = await serve(t, (_, answer) => answer({ exit: 0, message: '' }))
  chmodSync(path, 0)
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid?.(65534)
  try {
    await assert.rejects(askControl(path, { command: 'status' }, 5000), (error) => {
      return error instanceof MydError && error.code === 'PERMISSION' && error.exitCode === 77
    })
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
})

test('no socket: NOT_RUNNING', async () => {
  await assert.rejects(askControl('/nonexistent/myd.sock', { command: 'status' }, 5000), { code: 'NOT_RUNNING' })
})
