import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkOrigins } from './bundle.ts'

const input = { bytes: 1, imports: [] }

function metafile(inputs: readonly string[], imports: readonly string[]) {
  return {
    inputs: Object.fromEntries(inputs.map((path) => [path, input])),
    outputs: {
      'dist/main.cjs': {
        bytes: 1,
        inputs: {},
        exports: [],
        imports: imports.map((path) => ({ path, kind: 'require-call' as const, external: true })),
      },
    },
  }
}

test('own source, runtime packages and the modules of Node are all that a bundle may hold', () => {
  checkOrigins(metafile(['src/main.ts', 'node_modules/cac/index.js'], ['node:fs', 'events']), [
    'src/',
    'node_modules/cac/',
  ])
})

test('a file from elsewhere is refused by name', () => {
  const bundle = metafile(['src/main.ts', 'node_modules/cactus/index.js'], [])
  assert.throws(() => checkOrigins(bundle, ['src/', 'node_modules/cac/']), /node_modules\/cactus\/index\.js got into/)
})

test('a module that would be loaded from outside is refused by name', () => {
  assert.throws(() => checkOrigins(metafile(['src/main.ts'], ['left-pad']), ['src/']), /load left-pad from outside/)
})
