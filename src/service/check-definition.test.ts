import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkDefinition } from './check-definition.ts'
import { describeSettings } from './describe-settings.ts'

const nothing = () => {}
const integer = { type: 'integer', help: 'h' }

const wrong: readonly (readonly [object, string])[] = [
  [{ name: 7 }, 'name must be text'],
  [{ strat: nothing }, 'strat is no member of a service: did you mean start?'],
  [{ timers: {} }, 'timers is no member of a service: known are name, settings, checks, start, http, connection, jobs'],
  [{ start: 1 }, 'start must be a function'],
  [{ jobs: nothing }, 'jobs must be an object of functions'],
  [{ jobs: { a: 1 } }, 'jobs.a must be a function'],
  [{ jobs: { noop: nothing } }, 'jobs.noop: this type of jobs is built in; choose another name'],
  [{ jobs: { 'a b': nothing } }, 'jobs.a b: use up to 64 letters, digits, ".", "_" and "-"'],
  [{ checks: { a: true } }, 'checks.a must be a function'],
  [{ settings: 1 }, 'settings must be an object'],
  [{ settings: { a: 1 } }, 'settings.a: it is no object { type, default, help }'],
  [{ settings: { 'a.b': integer } }, 'settings.a.b: a name is letters and digits, a small letter first'],
  [{ settings: { aURL: integer, aUrl: integer } }, 'settings.aUrl: aURL would have the same variable'],
  [
    { settings: { a: { type: 'octal', help: 'h' } } },
    'settings.a: its type is "octal"; known are string, boolean, integer, duration, size, path, list, enum',
  ],
  [{ settings: { a: { type: 'integer' } } }, 'settings.a: help is missing: a sentence that says what it is'],
  [{ settings: { a: { ...integer, default: '3' } } }, 'settings.a: its default is "3", not a whole number'],
  [{ settings: { a: { ...integer, default: 3.5 } } }, 'settings.a: its default is 3.5, not a whole number'],
  [
    { settings: { a: { ...integer, default: 3, max: 2 } } },
    'settings.a: its default is 3, not a whole number within min and max',
  ],
  [{ settings: { a: { ...integer, min: 3, max: 2 } } }, 'settings.a: min is more than max'],
  [{ settings: { a: { ...integer, min: '3' } } }, 'settings.a: min is "3", not a whole number'],
  [{ settings: { a: { ...integer, values: ['b'] } } }, 'settings.a: only an enum has values'],
  [
    { settings: { a: { ...integer, unit: 's' } } },
    'settings.a: unit is no member of a setting; known are type, default, help, min, max, values',
  ],
  [{ settings: { a: { type: 'string', help: 'h', min: 1 } } }, 'settings.a: a string has neither min nor max'],
  [
    { settings: { a: { type: 'duration', help: 'h', default: 30 } } },
    'settings.a: its default is 30, not a duration, as in "30s"',
  ],
  [
    { settings: { a: { type: 'path', help: 'h', default: 'x' } } },
    'settings.a: its default is "x", not an absolute path',
  ],
  [{ settings: { a: { type: 'enum', help: 'h' } } }, 'settings.a: values is missing: the words it may be'],
  [
    { settings: { a: { type: 'enum', help: 'h', values: ['b'], default: 'c' } } },
    'settings.a: its default is "c", not one of its values',
  ],
  [
    { settings: { a: { type: 'list', help: 'h', default: 'c' } } },
    'settings.a: its default is "c", not a list of words',
  ],
]

for (const [definition, problem] of wrong) {
  test(problem, () => assert.equal(checkDefinition({ ...definition }), problem))
}

test('http and connection exclude each other', () => {
  assert.match(checkDefinition({ http: nothing, connection: nothing }) ?? '', /^connection: /)
})

test('a definition that is right', () => {
  const definition = {
    name: 'a',
    start: nothing,
    http: undefined,
    checks: { 'a b': nothing },
    jobs: { resize: nothing },
  }
  assert.equal(checkDefinition(definition), null)
})

test('the schema: typed defaults, bounds in the unit of the value', () => {
  const declared = {
    width: { ...integer, default: -3 },
    age: { type: 'duration', help: 'h', default: '1m30s', max: '1h' },
    bytes: { type: 'size', help: 'h', default: '1KiB' },
    hosts: { type: 'list', help: 'h', default: ['a b'] },
    cache: { type: 'path', help: 'h', default: null },
    key: { type: 'string', help: 'h' },
    mode: { type: 'enum', help: 'h', values: ['a', 'b'], default: 'b' },
  }
  const schema = describeSettings(declared)
  assert.ok(typeof schema !== 'string', String(schema))
  const { width, age, bytes, ...others } = schema
  assert.equal(width?.default, -3)
  assert.deepEqual(age, { type: 'duration', help: 'h', default: 90_000, min: 0, max: 3_600_000 })
  assert.equal(bytes?.default, 1024)
  assert.deepEqual(others, {
    hosts: { type: 'list', help: 'h', default: ['a b'] },
    cache: { type: 'path', help: 'h', default: null },
    key: { type: 'string', help: 'h' },
    mode: { type: 'enum', help: 'h', values: ['a', 'b'], default: 'b' },
  })
})
