/** The examples, each copied elsewhere and run with the executable as its README says. */
import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { type TestContext, test } from 'node:test'
import { hasNpm, NpmProject } from '../support/npm-project.ts'

const executable = resolve(process.env.MYD_PACKAGED ?? 'dist/myd')

/** Runs what is in a folder of examples/, as the instance `name`. */
class Example {
  readonly project = new NpmProject()
  readonly flags: readonly string[]

  constructor(t: TestContext, folder: string, name: string) {
    assert.ok(existsSync(executable), `there is no ${executable}: run npm run build`)
    cpSync(resolve('examples', folder), this.project.directory, { recursive: true })
    mkdirSync(this.project.path('home'))
    this.flags = [`--name=${name}`, `--home=${this.project.path('home')}`]
    t.after(() => this.project.remove())
  }

  async do(...args: string[]): Promise<string> {
    return await this.project.do(executable, ...args, ...this.flags)
  }

  async stop(): Promise<void> {
    await this.do('stop')
    this.project.assertGone()
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** One that nobody listens on now. */
async function findFreePort(): Promise<number> {
  const server = createServer()
  const port = await listen(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}

test('job-worker: a download is tried again until the server answers', async (t) => {
  let asked = 0
  const server = createServer((_request, response) => {
    asked += 1
    response.writeHead(asked === 1 ? 503 : 200, { Connection: 'close' }).end('the page')
  })
  const url = `http://127.0.0.1:${await listen(server)}/`
  t.after(() => server.close())
  const example = new Example(t, 'job-worker', 'downloads')
  const settings = readFileSync(example.project.path('downloads.toml'), 'utf8')
  example.project.write('downloads.toml', settings.replace('"2s"', '"100ms"'))
  await example.do('./service.ts', '--daemon', '--proc=2', '--config=downloads.toml')
  await example.do('job', 'add', '--type=download', '--wait', JSON.stringify({ url, file: 'page.html' }))
  assert.equal(readFileSync(example.project.path('page.html'), 'utf8'), 'the page')
  assert.equal(asked, 2)
  assert.match(readFileSync(example.project.path('home/downloads.log'), 'utf8'), /downloaded .*attempt=2/)
  await example.stop()
})

test('http-api: it answers from its state and with its own settings, also after a reload', async (t) => {
  const example = new Example(t, 'http-api', 'words')
  const port = await findFreePort()
  const words = async () => await (await fetch(`http://127.0.0.1:${port}/words?prefix=co`)).json()
  const flags = ['--config=words.toml', `--set=listen=127.0.0.1:${port}`]
  assert.match(await example.do('./service.ts', '--check', ...flags), /the dictionary has words/)
  await example.do('./service.ts', '--daemon', '--proc=2', ...flags)
  assert.deepEqual(await words(), ['coast', 'cobalt', 'comet', 'copper', 'coral'])
  example.project.write('words.toml', '[service]\ndictionary = "words.txt"\nlimit = 2\n')
  example.project.write('words.txt', 'comma\ncolon\ncodex\n')
  await example.do('reload')
  assert.deepEqual(await words(), ['codex', 'colon'])
  assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 404)
  await example.stop()
})

for (const folder of ['express', 'fastify']) {
  const skip = hasNpm() ? false : 'there is no npm on PATH'
  test(`${folder}: an unmodified server, two of it on one port, reloaded`, { skip }, async (t) => {
    const example = new Example(t, folder, 'server')
    example.project.npm('install')
    const port = await findFreePort()
    example.project.environment.PORT = String(port)
    await example.do('./server.js', '--daemon', '--proc=2')
    const pids = async () => (await getPids(example)).sort()
    const before = await pids()
    const answered = await askUntilAllAnswered(port, folder, before)
    assert.deepEqual(answered, before)
    const body = JSON.stringify({ a: 19, b: 23 })
    const options = { method: 'POST', body, headers: { 'Content-Type': 'application/json' } }
    assert.deepEqual(await (await fetch(`http://127.0.0.1:${port}/sum`, options)).json(), { sum: 42 })
    await example.do('reload')
    const after = await pids()
    assert.ok(after.every((pid) => !before.includes(pid)))
    assert.deepEqual(await askUntilAllAnswered(port, folder, after), after)
    await example.stop()
  })
}

async function getPids(example: Example): Promise<number[]> {
  const { workers } = JSON.parse(await example.do('status', '--json')) as { workers: { pid: number }[] }
  return workers.map(({ pid }) => pid)
}

/** Each request on a connection of its own. @returns the pids that answered, sorted, at the latest after 200 requests */
async function askUntilAllAnswered(port: number, hello: string, pids: readonly number[]): Promise<number[]> {
  const seen = new Set<number>()
  for (let asked = 0; asked < 200 && seen.size < pids.length; asked++) {
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { Connection: 'close' } })
    const answer = (await response.json()) as { hello: string; pid: number }
    assert.equal(answer.hello, hello)
    seen.add(answer.pid)
  }
  return [...seen].sort()
}
