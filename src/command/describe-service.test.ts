import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failure, warning } from '../preflight/finding.ts'
import { type Described, serviceFindings } from './describe-service.ts'

const SERVING: Described = {
  description: {
    ...{ kind: 'defined', name: null, settings: {}, jobTypes: [], isServing: true, error: null, advice: null },
  },
  checks: {},
}

test('a service that serves is to be told where, unless what was written there is wrong', () => {
  const settings = { listen: [] }
  const missing = /nothing says where it listens/
  const told = (findings: Parameters<typeof serviceFindings>[1]['findings']) =>
    serviceFindings(SERVING, { settings, findings }).map(({ message }) => message)
  assert.match(told([]).join(), missing)
  assert.deepEqual(told([failure('settings', 'listen is 1.5, a fraction, not a list of words', 'Write words')]), [])
  assert.match(told([failure('settings', 'listenBacklog is 0', 'Give more')]).join(), missing)
  assert.match(told([warning('settings', 'listen: that is unusual', 'Write it so')]).join(), missing)
})
