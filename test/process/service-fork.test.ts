/** What a service forks runs as a module of its own, from the executable too, and ends with its worker. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { createInstance, type Instance } from '../support/instance.ts'
import { isAlive, signal } from '../support/processes.ts'
import { waitFor } from '../support/wait-for.ts'

const CHILD = `
import { existsSync } from 'node:fs'
import { defineService } from 'myd'
const own = Object.keys(process.env).filter((name) => name.startsWith('MYD_')).join()
process.on('message', (text) => process.send([text, process.argv.slice(2).join(), import.meta.main, own].join(' ')))
process.send('pid ' + process.pid + ' ' + existsSync(process.argv[1]))
`

/** A module for a service to fork. */
function writeChild(instance: Instance, text = CHILD): void {
  writeFileSync(instance.path('child.mjs'), text)
}

async function pidOf(instance: Instance): Promise<number> {
  const log = await instance.logged(/child: pid \d+ true/)
  return Number(/child: pid (\d+)/.exec(log)?.[1])
}

const FORK = `start({ log }) {
  const child = fork(home + '/child.mjs', ['a', '--env-file=b'], { env: { ...process.env, X: '1' } })
  child.on('message', (text) => log.info('child: ' + text))
  child.send('hello')
}`

test('fork: IPC, arguments and nothing of ours but the marks of the instance; it ends with its worker', async (t) => {
  const instance = createInstance(t)
  writeChild(instance)
  instance.serve(FORK, `import { fork } from 'node:child_process'`)
  await instance.start('--proc=1')
  await instance.logged(/child: hello a,--env-file=b true MYD_INSTANCE,MYD_WORKER/)
  const pid = await pidOf(instance)
  signal((await instance.worker()).pid, 'SIGKILL')
  await waitFor('the child to end', () => !isAlive(pid))
  await instance.stop()
})

test('a forked module in CommonJS forks another, and fails as Node does', async (t) => {
  const instance = createInstance(t)
  const inner = `if (process.argv[2] === 'inner') throw new Error('boo')`
  const text = `${inner}
    require('node:child_process').fork(__filename, ['inner']).on('exit', (code) => process.send(require.main === module ? code : 'no'))`
  writeFileSync(instance.path('child.cjs'), text)
  const start = `start({ log }) { fork(home + '/child.cjs').on('message', (code) => log.info('it ended with ' + code)) }`
  instance.serve(start, `import { fork } from 'node:child_process'`)
  await instance.start('--proc=1')
  await instance.logged(/it ended with 1(?=\s)/)
  await instance.logged(/Error: boo/)
})

test('cluster: a worker is one, with the number of its slot; who forks on purpose gets workers of its own', async (t) => {
  const instance = createInstance(t)
  writeChild(instance, `import cluster from 'node:cluster'\nprocess.send(cluster.isWorker + ' ' + cluster.worker.id)`)
  const start = `start({ log }) {
    log.info(['cluster:', cluster.isPrimary, cluster.isWorker, cluster.worker.id].join(' '))
    cluster.setupPrimary({ exec: home + '/child.mjs' })
    cluster.fork({ X: '1' }).on('message', (text) => log.info('forked: ' + text))
  }`
  instance.serve(start, `import cluster from 'node:cluster'`)
  await instance.start('--proc=2')
  await instance.logged(/cluster: false true 2/)
  await instance.logged(/cluster: false true 1/)
  await instance.logged(/forked: true 1/)
})

test('worker_threads with a file', async (t) => {
  const instance = createInstance(t)
  writeChild(
    instance,
    `import { parentPort, workerData } from 'node:worker_threads'\nparentPort.postMessage(workerData + 1)`,
  )
  const start = `start({ log }) {
    new Worker(new URL('child.mjs', 'file://' + home + '/'), { workerData: 41 }).on('message', (n) => log.info('thread: ' + n))
  }`
  instance.serve(start, `import { Worker } from 'node:worker_threads'`)
  await instance.start('--proc=1')
  await instance.logged(/thread: 42/)
})

test('another executable is left alone', async (t) => {
  const instance = createInstance(t)
  const start = `start({ log }) {
    const child = fork('-c', ['exit 7'], { execPath: '/bin/sh', execArgv: [] })
    child.on('exit', (code) => log.info('sh ended with ' + code))
  }`
  instance.serve(start, `import { fork } from 'node:child_process'`)
  await instance.start('--proc=1')
  await instance.logged(/sh ended with 7/)
  assert.ok(true)
})
