/** The built executable as a file: damage is found, and the same inputs give the same bytes. See executable.test.ts. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'

const executable = resolve(process.env.MYD_PACKAGED ?? 'dist/myd')

let directory: string

before(() => {
  assert.ok(existsSync(executable), `there is no ${executable}: run npm run build`)
  directory = mkdtempSync(join(tmpdir(), 'myd-packaged-'))
})
after(() => rmSync(directory, { recursive: true, force: true }))

function verify(path: string) {
  return spawnSync(process.execPath, ['build/verify.ts', path], { encoding: 'utf8', env: {} })
}

test('one changed byte is found, wherever it lies, and a missing end too', () => {
  const copy = join(directory, 'copy')
  copyFileSync(executable, copy)
  const { size } = statSync(copy)
  for (const at of [4096, Math.floor(size / 2), size - 200, size - 90]) {
    copyFileSync(executable, copy)
    flipByte(copy, at)
    const result = verify(copy)
    assert.equal(result.status, 1, `byte ${at}`)
    assert.match(result.stdout, /^trailer +its /, `byte ${at}`)
  }
  copyFileSync(executable, copy)
  truncateSync(copy, size - 1000)
  assert.match(verify(copy).stdout, /^trailer +(it has no trailer|.*missing)/)
  truncateSync(copy, size / 2)
  assert.match(verify(copy).stdout, /^trailer +.*missing/)
})

function flipByte(path: string, at: number): void {
  const fd = openSync(path, 'r+')
  try {
    const byte = Buffer.alloc(1)
    readSync(fd, byte, 0, 1, at)
    writeSync(fd, Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, at)
  } finally {
    closeSync(fd)
  }
}

test('the same inputs give the same bytes, wherever they are built', () => {
  const sums = ['one', 'two'].map((name) => {
    const place = join(directory, name)
    mkdirSync(place)
    const env = { PATH: process.env.PATH, TMPDIR: place }
    const built = spawnSync(process.execPath, ['build/build.ts', '--out', join(place, 'myd')], {
      env,
      encoding: 'utf8',
    })
    assert.equal(built.status, 0, built.stderr)
    return readFileSync(join(place, 'myd.sha256'), 'utf8')
  })
  assert.equal(sums[0], sums[1])
})
