import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { commandArguments, listDamagedParts, programPath, readBuildInfo, selfCommand } from './executable.ts'

test('from source the build is the package, built from source', () => {
  const { version } = JSON.parse(readFileSync(join(process.cwd(), 'package.json'), 'utf8')) as { version: string }
  assert.deepEqual(readBuildInfo(), {
    name: 'myd',
    version,
    buildId: 'source',
    node: process.versions.node,
    target: `linux-${process.arch}`,
    debug: false,
    packed: false,
  })
  assert.deepEqual(listDamagedParts(), [])
})

test('from source the program starts again with the options and the file of now', () => {
  const { file, args } = selfCommand()
  assert.equal(file, '/proc/self/exe')
  assert.deepEqual(args, [...process.execArgv, process.argv[1]])
  assert.equal(programPath(), process.execPath)
})

test('what the user typed comes after the program and its file', () => {
  assert.deepEqual(commandArguments(['/usr/bin/myd', '/usr/bin/myd', 'stop', '--name=a']), ['stop', '--name=a'])
  assert.deepEqual(commandArguments(['/usr/bin/myd', '/usr/bin/myd']), [])
})
