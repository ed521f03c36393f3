/** Sockets that are open before the daemon is (LISTEN_FDS, as from systemd): served, and never closed by it. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createServer, type Server } from 'node:net'
import { type TestContext, test } from 'node:test'
import { cleanEnvironment } from '../support/clean-environment.ts'
import { createInstance, ended, type Instance } from '../support/instance.ts'
import { findFreePort, listListening } from '../support/listening-socket.ts'
import { underLoad } from '../support/load-client.ts'
import { HTTP, SERVICE_IMPORTS, serverText } from '../support/load-client-server.ts'
import { readCommandLine, readProcLink } from '../support/processes.ts'
import { theProgram } from '../support/program.ts'

const LISTEN_FD = 3
const SETTINGS = 'proc = 2\nstableTime = "50ms"\n'
/** The pid is known only when the process exists; `exec` keeps it. */
const LAUNCHER = 'LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=web exec "$@"'

interface Open {
  readonly server: Server
  readonly target: { readonly host: string; readonly port: number }
  readonly descriptor: number
}

/** A listening socket on which this process accepts nothing. */
async function openSocket(t: TestContext): Promise<Open> {
  const target = { host: '127.0.0.1', port: await findFreePort() }
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(target, resolve))
  t.after(() => server.close())
  const { fd } = (server as unknown as { _handle: { fd: number } })._handle // there is no public way to it
  return { server, target, descriptor: fd }
}

/** As systemd does: with the socket as descriptor 3, and the variables that say so. */
async function activate(t: TestContext, instance: Instance, { server, descriptor }: Open): Promise<ChildProcess> {
  const words = [theProgram().file, ...instance.words(['--master'])]
  const stdio = ['ignore', 'pipe', 'pipe', descriptor] as const
  const env = { ...cleanEnvironment(instance.home) }
  const child = spawn('/bin/sh', ['-c', LAUNCHER, 'sh', ...words], { env, stdio: [...stdio], cwd: instance.home })
  const end = ended(child)
  t.after(async () => {
    child.kill('SIGTERM')
    await end
  })
  server.close() // from now on only the daemon has it
  await instance.logged(/daemon\.ready/)
  return child
}

for (const [what, serve] of [
  [
    'listen = "systemd:web"',
    (instance: Instance) => {
      instance.serve(HTTP, SERVICE_IMPORTS)
      instance.configure(`${SETTINGS}listen = ["systemd:web"]\n`)
    },
  ],
  [
    'a server that listens on the address of the socket',
    (instance: Instance, { target }: Open) => {
      instance.serveFile(serverText([target]))
      instance.configure(SETTINGS)
    },
  ],
] as const) {
  test(`${what}: served by all workers, over a reload too; no variable of it reaches them`, async (t) => {
    const instance = createInstance(t)
    const open = await openSocket(t)
    serve(instance, open)
    const inode = readProcLink(process.pid, `fd/${open.descriptor}`)
    const master = await activate(t, instance, open)
    const isListening = listListening(master.pid!).map((socket) => `socket:[${socket.inode}]`)
    assert.deepEqual(isListening, [inode], 'the very socket, and no other')
    await underLoad(open.target, async () => {
      assert.equal((await instance.run(['reload'])).code, 0, instance.log())
    })
    assert.match(readCommandLine(master.pid!).join(' '), /--master/, 'the launcher became the daemon')
    await instance.stop()
  })
}

test('variables that are meant for another process are not believed', async (t) => {
  const instance = createInstance(t)
  const target = { host: '127.0.0.1', port: await findFreePort() }
  instance.serveFile(serverText([target]))
  instance.configure(SETTINGS)
  const environment = { LISTEN_PID: '1', LISTEN_FDS: String(LISTEN_FD), LISTEN_FDNAMES: 'web' }
  const { code, stderr } = await instance.run(['--daemon'], { environment })
  assert.equal(code, 0, stderr)
  await underLoad(target, async () => {})
})
