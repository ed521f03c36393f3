import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MydError } from '../errors.ts'
import { FLAGS } from './flags.ts'
import { parseCommandLine } from './parse.ts'
import { VERBS } from './verbs.ts'

const parse = (...typed: string[]) => parseCommandLine(typed)
const flagsOf = (...typed: string[]) => Object.fromEntries(parse(...typed).flags)

/** The mistake that is told: message and hint. */
function mistake(...typed: string[]): [string, string | undefined] {
  try {
    parse(...typed)
  } catch (error) {
    assert.ok(error instanceof MydError)
    assert.equal(error.code, 'USAGE')
    return [error.message, error.hint]
  }
  return assert.fail(`no mistake in ${typed.join(' ')}`)
}

test('no arguments', () => {
  assert.deepEqual(parse(), { flags: new Map(), verb: null, args: [], service: null, rest: [] })
})

test('values stay the text that was typed', () => {
  for (const value of ['007', '1e3', '0x10', '-1', '0', '1.50', 'true', 'null', 'a=b', ' x ', 'ü', '\u001f', '–8']) {
    assert.deepEqual(flagsOf(`--proc=${value}`), { proc: [value] }, value)
    assert.deepEqual(flagsOf('--proc', value), { proc: [value] }, value)
    assert.deepEqual(flagsOf('status', '--name', value), { name: [value] }, value)
  }
  assert.deepEqual(flagsOf('--proc='), { proc: [''] })
  assert.deepEqual(flagsOf('--name', ''), { name: [''] })
})

test('words behind a verb stay text too', () => {
  for (const word of ['007', '1e3', '0x10', 'true', 'stop', 'a=b', '-']) {
    assert.deepEqual(parse('job', 'show', word).args, ['show', word])
  }
  assert.deepEqual(parse('scale', '08').args, ['08'])
})

test('flags without a value', () => {
  assert.deepEqual(flagsOf('--daemon', '--debug'), { daemon: [''], debug: [''] })
  assert.deepEqual(mistake('--daemon=yes'), ['--daemon takes no value, “yes” was given', 'write --daemon'])
  assert.deepEqual(mistake('--daemon='), ['--daemon takes no value, “” was given', 'write --daemon'])
})

test('a value that is missing', () => {
  assert.deepEqual(mistake('--proc'), ['--proc needs a value', 'write --proc=8'])
  assert.deepEqual(mistake('--proc', '--daemon'), ['--proc needs a value', 'write --proc=8'])
  assert.deepEqual(mistake('--home', '--', 'x'), ['--home needs a value', 'write --home=<directory>'])
})

test('a flag given twice', () => {
  assert.deepEqual(mistake('--proc=1', '--proc', '1'), ['--proc is given twice', 'give it once'])
  assert.deepEqual(mistake('--debug', 'status', '--debug'), ['--debug is given twice', 'give it once'])
})

test('--set as often as needed, in order', () => {
  assert.deepEqual(flagsOf('--set', 'b=2', '--set=a=1', 'start', '--set', 'b=3'), { set: ['b=2', 'a=1', 'b=3'] })
  assert.deepEqual(flagsOf('--set', 'a=007'), { set: ['a=007'] })
})

test('long dashes', () => {
  const dashes = ['–', '—', '−', '‐', '‑', '‒', '―', '––']
  for (const dash of dashes) {
    const [message, hint] = mistake(`${dash}proc=8`)
    assert.equal(message, `“${dash}proc=8” begins with a long dash`)
    assert.equal(hint, 'type two short ones: --proc=8')
  }
})

test('unknown flags, with the nearest right word', () => {
  assert.deepEqual(mistake('--deamon'), ['unknown flag --deamon', 'did you mean --daemon?'])
  assert.deepEqual(mistake('--procs=8'), ['unknown flag --procs', 'did you mean --proc?'])
  assert.deepEqual(mistake('--no-fork'), ['unknown flag --no-fork', 'did you mean --nofork?'])
  assert.deepEqual(mistake('--Daemon'), ['unknown flag --Daemon', 'did you mean --daemon?'])
  assert.deepEqual(mistake('--xyzzy'), ['unknown flag --xyzzy', '--help lists them'])
  assert.deepEqual(mistake('-daemon'), ['unknown flag -daemon', 'did you mean --daemon?'])
  assert.deepEqual(mistake('scale', '-1'), ['unknown flag -1', '--help lists them'])
  assert.equal(mistake('---daemon')[0], 'unknown flag ---daemon')
})

test('names that every object has are no flags and no verbs', () => {
  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    assert.equal(mistake(`--${name}`)[0], `unknown flag --${name}`)
    assert.equal(mistake(`--${name}=1`)[0], `unknown flag --${name}`)
    assert.equal(mistake(name)[0], `unknown verb ${name}`)
  }
})

test('unknown verbs, with the nearest verb or flag', () => {
  assert.deepEqual(mistake('statsu'), ['unknown verb statsu', 'did you mean status?'])
  assert.deepEqual(mistake('daemon'), ['unknown verb daemon', 'did you mean --daemon?'])
  assert.deepEqual(mistake('--debug', 'strat'), ['unknown verb strat', 'did you mean start?'])
  assert.deepEqual(mistake('xyzzy'), ['unknown verb xyzzy', '--help lists them'])
  assert.deepEqual(mistake('007')[0], 'unknown verb 007')
  assert.deepEqual(mistake('')[0], 'unknown verb ')
})

test('every verb of the table', () => {
  for (const verb of Object.keys(VERBS)) assert.equal(parse(verb).verb, verb)
})

test('a verb after flags, and flags after a verb', () => {
  const parsed = parse('--home', 'stop', '--json', 'status', '--quiet')
  assert.deepEqual([parsed.verb, parsed.args], ['status', []])
  assert.deepEqual(Object.fromEntries(parsed.flags), { home: ['stop'], json: [''], quiet: [''] })
})

test('what stands behind -- is left as it is', () => {
  const parsed = parse('job', 'add', '--priority', '-5', '--', 'sh', '-c', 'x', '--', '–y', '--proc', '007')
  assert.deepEqual(parsed.args, ['add'])
  assert.deepEqual(Object.fromEntries(parsed.flags), { priority: ['-5'] })
  assert.deepEqual(parsed.rest, ['sh', '-c', 'x', '--', '–y', '--proc', '007'])
})

test('flags that belong to one verb', () => {
  assert.deepEqual(mistake('status', '--limit=3'), ['--limit means nothing to status', 'it belongs to job'])
  assert.deepEqual(mistake('--wait'), ['--wait means nothing here', 'it belongs to job'])
  assert.deepEqual(mistake('--limit', '3', './server.js'), ['--limit means nothing here', 'it belongs to job'])
})

test('every flag of the table is taken as it is meant', () => {
  for (const [flag, { value, verbs }] of Object.entries(FLAGS)) {
    const place = verbs === undefined ? [] : [verbs[0]!]
    const typed = value === null ? [`--${flag}`] : [`--${flag}`, '007']
    assert.deepEqual(flagsOf(...place, ...typed), { [flag]: [value === null ? '' : '007'] })
  }
})

test('a service file in the place of the verb', () => {
  for (const file of ['server.js', './server', '../a/b', 'x.mjs', 'x.cjs', 'x.ts', 'x.mts', 'status.js', './status']) {
    const parsed = parse(file, '--daemon', '--proc=8')
    assert.deepEqual([parsed.service, parsed.verb, parsed.flags.get('proc')], [file, null, ['8']], file)
    assert.equal(parse('--daemon', file).service, file)
  }
  for (const word of ['server.txt', 'js', 'x.jsx', 'x.js.gz']) assert.equal(mistake(word)[0], `unknown verb ${word}`)
  assert.equal(parse('007.js').service, '007.js')
  assert.deepEqual(mistake('a.js', 'b.js')[0], 'unexpected “b.js” behind a.js')
})

test('short forms', () => {
  assert.deepEqual(flagsOf('-h'), { help: [''] })
  assert.deepEqual(flagsOf('-V'), { version: [''] })
  assert.deepEqual(flagsOf('job', '-h'), { help: [''] })
  assert.equal(mistake('-hv')[0], 'unknown flag -hv')
})
