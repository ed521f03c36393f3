import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { jobSettings } from '../../test/support/job-instance.ts'
import type { Component } from '../component.ts'
import type { Settings } from '../settings/table.ts'
import { Listening } from './listening.ts'
import { createServiceRunner } from './service-runner.ts'

/** A service in a file of its own, whose stop takes until the global `gate` opens. */
function createRunner(context: TestContext, gate: Promise<void>): Component {
  const directory = mkdtempSync(join(tmpdir(), 'service-'))
  context.after(() => rmSync(directory, { recursive: true }))
  const service = join(directory, 'service.mjs')
  writeFileSync(
    service,
    `
    import { defineService } from 'myd'
    export default defineService({ start: () => ({ stop: () => globalThis.gate }) })
  `,
  )
  Object.assign(globalThis, { gate })
  const nothing = (): void => {}
  return createServiceRunner({
    origin: {
      ...{ service, serviceSettings: {}, jobTypes: {}, instance: 'i', worker: 'w' },
      settings: { ...jobSettings, stopTimeout: 30_000 } as unknown as Settings,
    },
    slot: 0,
    jobsSocket: join(directory, 'none.sock'),
    board: { takeInHand: () => ({ ownGroup: nothing, release: nothing }), countJob: nothing },
    log: { debug: nothing, info: nothing, warning: nothing, error: nothing },
    environment: {},
    listening: new Listening({ open: nothing, unlisten: nothing }, 511),
    onLoaded: nothing,
    tellEnd: () => false,
    exit: nothing,
  })
}

test('a second stop waits for what the first one waits for', async (context) => {
  const gate = Promise.withResolvers<void>()
  const runner = createRunner(context, gate.promise)
  await runner.start(new AbortController().signal)
  const ended: string[] = []
  const stops = ['first', 'second'].map((name) => runner.stop().then(() => ended.push(name)))
  for (let turn = 0; turn < 10; turn++) await nextTurn()
  assert.deepEqual(ended, [])
  gate.resolve()
  await Promise.all(stops)
  assert.deepEqual(ended, ['first', 'second'])
})

test('stop before start is fine', async (context) => {
  await createRunner(context, Promise.resolve()).stop()
})
