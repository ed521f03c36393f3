/** What the types of a definition say is checked by tsc: an error that it does not find is one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineService, SERVICE_MARK } from './define-service.ts'

/** Compiles only when both types are the same. */
function is<Expected>(): <Actual>(
  value: Actual,
  ...same: (<T>() => T extends Actual ? 1 : 2) extends <T>() => T extends Expected ? 1 : 2 ? [] : [never]
) => void {
  return () => {}
}

class Database {
  readonly rows = 3
}

test('settings and state have the types of their declarations', () => {
  const service = defineService({
    name: 'thumbs',
    settings: {
      width: { type: 'integer', default: 320, min: 1, help: 'Width' },
      mode: { type: 'enum', values: ['a', 'b'], default: 'a', help: 'Mode' },
      key: { type: 'string', help: 'Key' },
      cache: { type: 'path', default: null, help: 'Cache' },
      age: { type: 'duration', default: '30s', max: '1h', help: 'Age' },
      bytes: { type: 'size', default: '1MiB', help: 'Bytes' },
      hosts: { type: 'list', default: ['x'], help: 'Hosts' },
      fast: { type: 'boolean', default: false, help: 'Fast' },
    },
    checks: { 'the key is long': ({ settings }) => is<string>()(settings.key) },
    async start({ settings, log, signal, slot, exit }) {
      is<number>()(settings.width)
      is<'a' | 'b'>()(settings.mode)
      is<string | null>()(settings.cache)
      is<number>()(settings.age)
      is<number>()(settings.bytes)
      is<readonly string[]>()(settings.hosts)
      is<boolean>()(settings.fast)
      is<AbortSignal>()(signal)
      is<number>()(slot)
      // @ts-expect-error no such setting
      void settings.height
      if (settings.fast) exit(78)
      log.info('started', { slot })
      return { database: new Database(), async stop() {} }
    },
    http: (_request, response, { settings, state }) => {
      is<number>()(settings.width)
      is<Database>()(state.database)
      response.end()
    },
    connection: (socket, { state, signal }) => {
      is<Database>()(state.database)
      is<AbortSignal>()(signal)
      socket.end()
    },
    jobs: {
      async resize(job, { settings, state, log, signal }) {
        is<string>()(job.payload)
        is<number>()(settings.width)
        is<number>()(state.database.rows)
        is<AbortSignal>()(signal)
        log.info('resized')
      },
    },
  })
  assert.equal(service.name, 'thumbs')
  assert.equal(service[SERVICE_MARK], true)
})

test('without settings and start there are none; start may return nothing, or something without stop', () => {
  defineService({
    async start() {},
    jobs: {
      async a(_job, { settings, state }) {
        is<void>()(state)
        // @ts-expect-error there are no settings
        void settings.width
      },
    },
  })
  defineService({ start: () => new Database(), http: (_request, _response, { state }) => is<Database>()(state) })
  defineService({ http: (_request, _response, { state }) => is<undefined>()(state) })
  defineService({})
})

test('what makes no sense is refused', () => {
  // @ts-expect-error a name is text
  defineService({ name: 7 })
  // @ts-expect-error no such member
  defineService({ timer: {} })
  // @ts-expect-error a default of another type
  defineService({ settings: { width: { type: 'integer', default: '320', help: 'Width' } } })
  // @ts-expect-error no help
  defineService({ settings: { width: { type: 'integer', default: 320 } } })
  // @ts-expect-error no words
  defineService({ settings: { mode: { type: 'enum', default: 'a', help: 'Mode' } } })
  // @ts-expect-error no such type
  defineService({ settings: { mode: { type: 'word', help: 'Mode' } } })
  // @ts-expect-error stop is a function
  defineService({ start: () => ({ stop: 1 }) })
})
