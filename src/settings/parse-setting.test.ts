import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatSetting, isProblem, parseSetting } from './parse-setting.ts'
import { parseTomlSetting } from './parse-toml-setting.ts'
import { duration, list, octal, oneOf, path, row as rowOfType, size } from './row.ts'
import { rowOf } from './table.ts'
import type { TomlValue } from './toml-value.ts'

const REFUSED = Symbol('refused')

function outcome(parsed: ReturnType<typeof parseSetting>): unknown {
  return isProblem(parsed) ? REFUSED : parsed.value
}

test('text of proc: plain decimal digits or auto', () => {
  const rows: [string, unknown][] = [
    ['8', 8],
    ['1', 1],
    ['1024', 1024],
    ['auto', 'auto'],
    ['0', REFUSED],
    ['1025', REFUSED],
    ['9999', REFUSED],
    ['007', REFUSED],
    ['1e3', REFUSED],
    ['0x10', REFUSED],
    ['-1', REFUSED],
    ['+1', REFUSED],
    ['1.5', REFUSED],
    [' 8', REFUSED],
    ['', REFUSED],
    ['abc', REFUSED],
    ['99999999999999999999', REFUSED],
  ]
  for (const [text, expected] of rows) assert.deepEqual(outcome(parseSetting(rowOf('proc'), text)), expected, text)
})

test('a refusal says what is wrong and what to write', () => {
  assert.deepEqual(parseSetting(rowOf('proc'), '007'), {
    problem: 'is "007", not a whole number',
    advice: 'Write decimal digits without leading zero, sign, fraction or exponent, or auto',
  })
  assert.deepEqual(parseSetting(rowOf('proc'), '9999'), {
    problem: 'is 9999, it must be 1 to 1024',
    advice: 'Give 1 to 1024',
  })
  assert.deepEqual(parseSetting(rowOf('stopTimeout'), '30'), {
    problem: 'is "30", not a duration',
    advice: 'The unit is missing: write 30s, for example',
  })
})

test('a name stays the text that it is', () => {
  for (const name of ['007', '1e3', 'myd', 'a.b_c-d'])
    assert.deepEqual(parseSetting(rowOf('name'), name), { value: name })
  for (const name of ['', '.a', '-a', 'a/b', 'a b', 'a\0', 'ä', '..', 'x'.repeat(65)]) {
    assert.equal(outcome(parseSetting(rowOf('name'), name)), REFUSED, name)
  }
})

test('the other types', () => {
  const flag = rowOfType('boolean')('false', 'A flag')
  const rows = [
    [flag, 'true', true],
    [flag, 'false', false],
    [flag, 'yes', REFUSED],
    [duration('1s', 'D'), '1h30m', 5_400_000],
    [duration('1s', 'D'), '25d', REFUSED],
    [duration('1s', 'D', { min: 1000 }), '10ms', REFUSED],
    [size('1B', 'S'), '64KiB', 65_536],
    [size('1B', 'S'), '64', REFUSED],
    [octal('0027', 'O'), '0027', 0o27],
    [octal('0027', 'O'), '027', 0o27],
    [octal('0027', 'O'), '27', REFUSED],
    [octal('0027', 'O'), '0028', REFUSED],
    [octal('0027', 'O'), '1777', REFUSED],
    [path(null, 'P'), '/a b', '/a b'],
    [path(null, 'P'), '', REFUSED],
    [path(null, 'P'), '~/x', REFUSED],
    [list('', 'L'), 'A, B C', ['A', 'B', 'C']],
    [list('', 'L'), '', []],
    [oneOf(['debug', 'info'])('info', 'E'), 'debug', 'debug'],
    [oneOf(['debug', 'info'])('info', 'E'), 'INFO', REFUSED],
  ] as const
  for (const [row, text, expected] of rows) {
    assert.deepEqual(outcome(parseSetting(row, text)), expected, `${row.type} ${text}`)
  }
})

test('values of a file have the type of the setting', () => {
  const text = (value: string): TomlValue => ({ kind: 'string', value })
  const number = (value: number, written = String(value)): TomlValue => ({ kind: 'integer', value, text: written })
  const fraction: TomlValue = { kind: 'other', description: '1.5, a fraction' }
  const rows = [
    ['proc', number(8), 8],
    ['proc', text('auto'), 'auto'],
    ['proc', text('8'), REFUSED],
    ['proc', number(0), REFUSED],
    ['proc', fraction, REFUSED],
    ['proc', { kind: 'boolean', value: true }, REFUSED],
    ['stopTimeout', text('30s'), 30_000],
    ['stopTimeout', number(30), REFUSED],
    ['jobs.outputLimit', number(1024), REFUSED],
    ['umask', text('0027'), 0o27],
    ['umask', number(0o27, '0o27'), 0o27],
    ['umask', number(27), REFUSED],
    ['umask', number(0o7777, '0o7777'), REFUSED],
    ['name', number(7), REFUSED],
    ['environment.pass', { kind: 'list', items: [text('A'), text('B')] }, ['A', 'B']],
    ['environment.pass', { kind: 'list', items: [text('A'), fraction] }, REFUSED],
    ['environment.pass', text('A'), ['A']],
    ['environment.pass', text('A, B'), REFUSED],
    ['environment.pass', text(''), REFUSED],
    ['listen', text('127.0.0.1:8080'), ['127.0.0.1:8080']],
    ['listen', number(8080), ['8080']],
    ['listen', { kind: 'list', items: [number(8080, '8_080'), text('/run/x.sock')] }, ['8080', '/run/x.sock']],
    ['listen', fraction, REFUSED],
    ['name', { kind: 'list', items: [] }, REFUSED],
  ] as const
  for (const [name, value, expected] of rows) {
    assert.deepEqual(outcome(parseTomlSetting(rowOf(name), value)), expected, `${name} ${JSON.stringify(value)}`)
  }
})

test('a value is shown as it would be written', () => {
  assert.equal(formatSetting(rowOf('umask'), 0o27), '0027')
  assert.equal(formatSetting(rowOf('stopTimeout'), 30_000), '30s')
  assert.equal(formatSetting(rowOf('jobs.outputLimit'), 16_384), '16KiB')
  assert.equal(formatSetting(rowOf('environment.pass'), ['A', 'B']), 'A B')
  assert.equal(formatSetting(rowOf('user'), null), '')
})
