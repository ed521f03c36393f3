/**
 * The built executable as a server meets it: no Node, no libatomic, an empty directory, an empty or a hostile
 * environment. `npm run build` makes it; MYD_PACKAGED names another one.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { monotonicMs } from '../../src/clock.ts'
import { errnoOf } from '../../src/errors.ts'

const executable = resolve(process.env.MYD_PACKAGED ?? 'dist/myd')
const VERSION_LINE = /^myd \d+\.\d+\.\d+ build [0-9a-f]{16} node \d+\.\d+\.\d+ linux-\w+\n$/
const TIMEOUT_MS = 30_000

let directory: string

before(() => {
  assert.ok(existsSync(executable), `there is no ${executable}: run npm run build`)
  directory = mkdtempSync(join(tmpdir(), 'myd-packaged-'))
})
after(() => rmSync(directory, { recursive: true, force: true }))

/** Runs a program in a new empty directory, which must be empty still when it has ended. */
function runAlone(file: string, args: readonly string[], env: NodeJS.ProcessEnv, argv0 = file) {
  const cwd = mkdtempSync(join(directory, 'empty-'))
  const result = spawnSync(file, args, { cwd, env, argv0, encoding: 'utf8', timeout: TIMEOUT_MS })
  assert.deepEqual(readdirSync(cwd), [], 'it left files')
  return { status: result.status, signal: result.signal, stdout: result.stdout, stderr: result.stderr }
}

function assertVersion(result: ReturnType<typeof runAlone>): void {
  assert.deepEqual({ ...result, stdout: '' }, { status: 0, signal: null, stdout: '', stderr: '' })
  assert.match(result.stdout, VERSION_LINE)
}

test('it runs in an empty directory with an empty environment', () => {
  assertVersion(runAlone(executable, ['--version'], {}))
})

test('it runs when it was found on PATH, and through a symbolic link', () => {
  const found = runAlone('/bin/sh', ['-c', 'exec "$0" --version', basename(executable)], { PATH: dirname(executable) })
  assertVersion(found)
  assertVersion(
    runAlone('/bin/sh', ['-c', 'ln -s "$0" "$1" && exec "$1" --version', executable, join(directory, 'link')], {}),
  )
})

/** Hides each file of `$@` behind an empty one, for this process and its children only. */
const HIDE = 'for file; do mount --bind /dev/null "$file" || exit 99; done'
const HIDING_WORKS = spawnSync('unshare', ['-m', 'sh', '-c', `${HIDE}`, 'sh', '/etc/passwd']).status === 0

function listHidden(): string[] {
  const libraries = [
    '/lib',
    '/lib64',
    '/usr/lib',
    '/usr/lib64',
    '/usr/local/lib',
    '/lib/x86_64-linux-gnu',
    '/usr/lib/x86_64-linux-gnu',
  ]
    .filter((each) => existsSync(each))
    .flatMap((each) =>
      readdirSync(each)
        .filter((name) => name.startsWith('libatomic.so'))
        .map((name) => join(each, name)),
    )
  const nodes = (process.env.PATH ?? '').split(':').map((each) => join(each, 'node'))
  return [...libraries, ...nodes.filter((each) => existsSync(each)), process.execPath]
}

function whyNotHidden(): string | false {
  if (process.arch !== 'x64') return 'the executable needs libatomic on this architecture'
  return HIDING_WORKS ? false : 'mounting in a private namespace is not allowed here (needs root)'
}

test('it runs without Node and without libatomic on the machine', { skip: whyNotHidden() }, () => {
  const hidden = listHidden()
  const run = (program: string) =>
    runAlone('unshare', ['-m', 'sh', '-c', `${HIDE}; exec env -i "$0" --version`, program, ...hidden], {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    })
  const node = join(directory, 'node')
  copyFileSync(process.execPath, node)
  assert.notEqual(run(process.execPath).status, 0, 'Node was not hidden')
  assert.match(run(node).stderr, /libatomic/, 'libatomic was not hidden')
  assertVersion(run(executable))
})

/** A module that tells that it ran, by a file. */
function makeIntruder(): { module: string; trace: string } {
  const module = join(directory, 'intruder.cjs')
  const trace = join(directory, 'intruder-was-here')
  writeFileSync(module, `require('node:fs').writeFileSync(${JSON.stringify(trace)}, '')`)
  rmSync(trace, { force: true })
  return { module, trace }
}

test('NODE_OPTIONS loads no module', () => {
  const { module, trace } = makeIntruder()
  const env = { NODE_OPTIONS: `--require=${module}` }
  assertVersion(runAlone(executable, ['--version'], env))
  assert.equal(existsSync(trace), false)
  runAlone(process.execPath, ['-e', '0'], env)
  assert.equal(existsSync(trace), true, 'the module would not have shown anything')
})

for (const options of ['--inspect', '--inspect-brk=0', '--no-such-option', '--trace-exit']) {
  test(`NODE_OPTIONS=${options} does nothing`, () => {
    assertVersion(runAlone(executable, ['--version'], { NODE_OPTIONS: options }))
  })
}

test('options of Node on the command line are not taken by Node', () => {
  const { module, trace } = makeIntruder()
  for (const args of [
    [`--require=${module}`, '--version'],
    [`--node-options=--require=${module}`, '--version'],
  ]) {
    runAlone(executable, args, {})
    assert.equal(existsSync(trace), false, args.join(' '))
  }
})

test('a program name that looks like an option of Node is a name', () => {
  const { module, trace } = makeIntruder()
  for (const argv0 of [`--require=${module}`, '-l', '']) {
    assertVersion(runAlone(executable, ['--version'], {}, argv0))
    assert.equal(existsSync(trace), false)
  }
})

/** Whether somebody has opened the FIFO for reading, which blocks until a writer comes. */
function hasReader(fifo: string): boolean {
  try {
    closeSync(openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK))
    return true
  } catch (error) {
    if (errnoOf(error) !== 'ENXIO') throw error // nobody reads
    return false
  }
}

async function waitForReader(fifo: string, reader: ChildProcess): Promise<void> {
  const deadlineMs = monotonicMs() + TIMEOUT_MS
  while (!hasReader(fifo)) {
    assert.equal(reader.exitCode, null, 'it ended without reading')
    assert.ok(monotonicMs() < deadlineMs, 'it does not read')
    await delay(5)
  }
}

test('OPENSSL_CONF names a file that is never opened', async () => {
  const fifo = join(directory, 'openssl.cnf')
  assert.equal(spawnSync('mkfifo', [fifo]).status, 0)
  assertVersion(runAlone(executable, ['--version'], { OPENSSL_CONF: fifo }))
  const node = spawn(process.execPath, ['-p', '1'], { env: { OPENSSL_CONF: fifo }, stdio: 'ignore' })
  await waitForReader(fifo, node)
  await new Promise((done) => (node.exitCode === null ? node.once('exit', done) : done(null)))
})
