/**
 * The npm package as its user meets it: packed, installed into an empty folder, run with the host's Node on PATH.
 * `npm run build:npm` makes it.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { resolve } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { hasNpm, NpmProject } from '../support/npm-project.ts'
import { waitFor } from '../support/wait-for.ts'

const built = resolve('dist/npm')
const skip = hasNpm() ? false : 'there is no npm on PATH'

const SERVICE = `import { defineService, type Job } from 'myd'
import { writeFileSync } from 'node:fs'

export default defineService({
  name: 'thumbs',
  checks: { 'there is a shell': ({ which }) => which('sh') },
  jobs: {
    async note(job: Job, { log }) {
      writeFileSync(job.payload, process.version)
      log.info('noted', { attempt: job.attempt })
    },
  },
})
`

let project: NpmProject

before(() => {
  if (skip !== false) return
  assert.ok(existsSync(built), `there is no ${built}: run npm run build:npm`)
  project = new NpmProject()
  project.write('package.json', { private: true, type: 'module' })
  project.write('service.ts', SERVICE)
  const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
  const tarball = project.npm('pack', built).trim()
  project.npm('install', `./${tarball}`, `@types/node@${devDependencies['@types/node']}`)
})
after(() => project?.remove())

test('the same inputs give the same package', { skip }, (t: TestContext) => {
  const again = new NpmProject()
  t.after(() => again.remove())
  const result = spawnSync(process.execPath, ['build/npm.ts', '--out', again.path('package')], { encoding: 'utf8' })
  assert.equal(result.status, 0, result.stderr)
  const tarball = again.npm('pack', again.path('package')).trim()
  assert.deepEqual(readFileSync(again.path(tarball)), readFileSync(project.path(tarball)))
})

test('the module is there for the Node of the host, and says what a service is', { skip }, async () => {
  const script = `import('myd').then(({ defineService }) => console.log(Object.keys(defineService({ name: 'a' })).join()))`
  assert.equal(await project.do('node', '-e', script), 'name\n')
})

for (const [module, moduleResolution] of [
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
] as const) {
  test(`tsc --strict accepts a service, and refuses a wrong one (${moduleResolution})`, { skip }, async () => {
    const options = { strict: true, noEmit: true, target: 'es2022', types: ['node'], module, moduleResolution }
    project.write('tsconfig.json', { compilerOptions: options, files: ['service.ts'] })
    const tsc = resolve('node_modules/.bin/tsc')
    await project.do(tsc, '-p', '.')
    project.write('wrong.ts', SERVICE.replace(/name: 'thumbs'/, 'name: 7').replace('job.payload', 'job.nothing'))
    project.write('tsconfig.json', { compilerOptions: options, files: ['wrong.ts'] })
    const { code, stdout } = await project.run(tsc, '-p', '.')
    assert.notEqual(code, 0)
    assert.match(stdout, /Type 'number' is not assignable to type 'string'/)
    assert.match(stdout, /Property 'nothing' does not exist on type 'Job'/)
  })
}

/** Whole modules in the pages, and the services of the examples. */
function listShown(): string[] {
  const pages = ['README.md', ...globSync('docs/*.md').sort()].map((path) => readFileSync(path, 'utf8'))
  const blocks = pages.flatMap((page) => [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, block = '']) => block))
  const examples = globSync('examples/*/service.ts').sort()
  return [
    ...blocks.filter((block) => block.includes('export default')),
    ...examples.map((path) => readFileSync(path, 'utf8')),
  ]
}

test('tsc --strict accepts what README, docs and examples show', { skip }, async () => {
  const files = listShown().map((text, index) => {
    project.write(`shown-${index}.ts`, text)
    return `shown-${index}.ts`
  })
  assert.ok(files.length > 5)
  const options = { strict: true, noEmit: true, target: 'es2024', types: ['node'], module: 'nodenext' }
  project.write('tsconfig.json', { compilerOptions: options, files })
  await project.do(resolve('node_modules/.bin/tsc'), '-p', '.')
})

test('a TypeScript service is checked, started, given a job, shown and stopped', { skip }, async () => {
  const home = `--home=${project.path('home')}`
  mkdirSync(project.path('home'))
  assert.match(await project.do('npx', 'myd', './service.ts', '--check', home), /there is a shell/)
  const pid = await project.do('npx', 'myd', './service.ts', '--daemon', '--proc=2', home)
  assert.match(pid, /^\d+\n$/)
  const myd = (...args: string[]) => project.do('npx', 'myd', ...args, '--name=thumbs', home)
  await myd('job', 'add', '--wait', '--type', 'note', project.path('noted'))
  const status = JSON.parse(await myd('status', '--json'))
  assert.deepEqual([status.pid, status.workers.length, status.state], [Number(pid), 2, 'running'])
  const { version } = JSON.parse(readFileSync(`node_modules/node-linux-${process.arch}/package.json`, 'utf8'))
  assert.equal(readFileSync(project.path('noted'), 'utf8'), `v${version}`, 'not the Node of the package')
  await myd('reload')
  assert.equal(JSON.parse(await myd('status', '--json')).generation, 2)
  await myd('stop')
  project.assertGone()
})

test('the launcher is myd itself: its exit code, its pid', { skip }, async () => {
  const { code, stderr } = await project.run('npx', 'myd', 'stip')
  assert.equal(code, 64)
  assert.match(stderr, /stop/)
  const home = project.path('foreground')
  mkdirSync(home)
  const start = 'node_modules/.bin/myd --master --proc=1 --name=thumbs "$0" >log 2>&1 & echo $!'
  const pid = Number(await project.do('sh', '-c', start, `--home=${home}`))
  const file = `${home}/thumbs.pid`
  await waitFor('its pidfile', () => existsSync(file) && readFileSync(file, 'utf8') === `${pid}\n`)
  await project.do('npx', 'myd', 'stop', '--name=thumbs', `--home=${home}`)
  project.assertGone()
})

test('the variable that pnpm sets for every program it starts does not count', { skip }, async () => {
  const check = 'NODE_PATH=/a/.pnpm/node_modules exec node_modules/.bin/myd --check'
  assert.match(await project.do('sh', '-c', check), /no variable changes what the program does/)
})

test('without its Node it says what is missing and what to do', { skip }, async () => {
  const [place, away] = [project.path(`node_modules/node-linux-${process.arch}`), project.path('away')]
  renameSync(place, away)
  try {
    const { code, stderr } = await project.run('node_modules/.bin/myd', '--version')
    assert.equal(code, 1)
    assert.match(stderr, /^myd: the package node-linux-\w+ [\d.]+ is not installed\n {5}npm install node-linux-\w+@/)
  } finally {
    renameSync(away, place)
  }
})

for (const [kernel, machine, message] of [
  ['Darwin', 'arm64', /services run on Linux, this is Darwin/],
  ['Linux', 'riscv64', /there is no Node for riscv64/],
] as const) {
  test(`on ${kernel} ${machine} it says that it does not run there`, { skip }, async () => {
    project.write('uname', `#!/bin/sh\ncase $1 in -s) echo ${kernel} ;; -m) echo ${machine} ;; esac\n`)
    await project.do('chmod', '+x', 'uname')
    const start = 'PATH="$HOME:$PATH" exec node_modules/.bin/myd --version'
    const { code, stderr } = await project.run('sh', '-c', start)
    assert.equal(code, 1)
    assert.match(stderr, message)
  })
}
