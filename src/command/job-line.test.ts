import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJobLine } from './job-line.ts'

const DEFAULTS = { type: undefined, directory: '/home/a', umask: 0o022 }
const BASIS = { directory: '/home/a', umask: 0o022 }

test('a line becomes a job; what it does not say is the caller’s', () => {
  assert.deepEqual(parseJobLine('{"command": ["ls", "-l"]}', DEFAULTS), {
    ...BASIS,
    ...{ type: 'command', command: ['ls', '-l'] },
  })
  assert.deepEqual(parseJobLine('{"payload": {"file": "a"}}', { ...DEFAULTS, type: 'resize' }), {
    ...BASIS,
    ...{ type: 'resize', payload: '{"file":"a"}' },
  })
  const full =
    '{"type":"t","payload":"p","priority":-3,"key":"k","attempts":2,"delay":"5s","timeout":"1m","directory":"b"}'
  assert.deepEqual(parseJobLine(full, DEFAULTS), {
    ...{ type: 't', payload: 'p', priority: -3, key: 'k', attempts: 2, delayMs: 5000, timeoutMs: 60_000 },
    ...{ directory: '/home/a/b', umask: 0o022 },
  })
})

test('what is wrong is told', () => {
  const cases: [string, RegExp][] = [
    ['[1]', /not a JSON object/],
    ['{"comand": ["ls"]}', /unknown key “comand”; did you mean command\?/],
    ['{"command": "ls"}', /command is "ls"/],
    ['{"delay": 5}', /delay is 5/],
    ['{"delay": "104249991d"}', /delay is "104249991d"/],
    ['{"timeout": "3651d"}', /timeout is "3651d"/],
    ['{"priority": 1001}', /priority is 1001/],
    ['{"constructor": 1}', /unknown key/],
  ]
  for (const [line, pattern] of cases) assert.match(String(parseJobLine(line, DEFAULTS)), pattern)
})
