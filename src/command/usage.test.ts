import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FLAGS } from './flags.ts'
import { renderTitle, renderUsage, renderVerbUsage } from './usage.ts'
import { VERBS } from './verbs.ts'

const OPTIONS = { name: 'thumbs', version: '1.2.3', debug: false, width: 80 }

test('name and version first, and whether it is a debug build', () => {
  assert.equal(renderTitle(OPTIONS), 'thumbs version 1.2.3')
  assert.equal(renderTitle({ ...OPTIONS, debug: true }), 'thumbs version 1.2.3 Debug')
  assert.ok(renderUsage(OPTIONS).startsWith('thumbs version 1.2.3\n'))
})

test('flags and values in the spirit of the original', () => {
  const usage = renderUsage({ ...OPTIONS, width: 200 })
  assert.match(usage, /^ {4}--daemon – run as daemon: /m)
  assert.match(usage, /^ {4}--proc=\[auto\] – number of workers, 1 to 1024$/m)
})

test('every flag that may stand everywhere, and every verb of this version', () => {
  const usage = renderUsage(OPTIONS)
  for (const [flag, { verbs }] of Object.entries(FLAGS)) {
    assert.equal(new RegExp(`^    --${flag}( |=)`, 'm').test(usage), verbs === undefined, flag)
  }
  for (const [verb, { load }] of Object.entries(VERBS)) {
    assert.equal(new RegExp(`^    ${verb} `, 'm').test(usage), load !== null, verb)
  }
})

test('no line is wider than the terminal', () => {
  for (const width of [80, 120]) {
    const lines = renderUsage({ ...OPTIONS, width }).split('\n')
    const described = lines.filter((line) => line.startsWith('    '))
    assert.ok(described.length > 0)
    for (const line of described) assert.ok(line.length <= width, `${line.length} > ${width}: ${line}`)
  }
})

test('the usage of one verb, with the flags that belong to it', () => {
  const usage = renderVerbUsage('job', OPTIONS)
  assert.match(usage, /^thumbs job <add\|list\|show\|retry\|cancel\|stats\|wait>\n/)
  for (const [flag, { verbs }] of Object.entries(FLAGS)) {
    assert.equal(usage.includes(`--${flag}`), verbs?.includes('job') ?? false, flag)
  }
  assert.equal(renderVerbUsage('stop', OPTIONS), `thumbs stop\n    ${VERBS.stop?.help}\n`)
})
