/** Servers that answer what load clients ask: as a service of ours, and as a Node server that knows nothing of us. */
import type { LoadTarget } from './load-client-connection.ts'

const IMPORTS = `import { createHash } from 'node:crypto'
import fs from 'node:fs'
import http from 'node:http'`

/** /echo/N its path, /slow/N its path after 200 ms, /upload the SHA-256 of the body, /block stands still for 6 s. */
const ANSWER = `function answer(request, response) {
  response.setHeader('x-pid', process.pid)
  if (request.url === '/block') block()
  if (request.url.startsWith('/slow/')) return setTimeout(() => response.end(request.url), 200)
  if (request.method !== 'POST') return response.end(request.url)
  const hash = createHash('sha256')
  request.on('data', (chunk) => hash.update(chunk)).on('end', () => response.end(hash.digest('hex')))
}
function block() {
  fs.writeFileSync(home + '/blocked', '')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 6000)
}`

/** Imports of a service whose `http` is `HTTP`. */
export const SERVICE_IMPORTS = `${IMPORTS}\n${ANSWER}`
/** The member of a service definition. */
export const HTTP = 'http: (request, response) => answer(request, response)'

/** @param targets each gets a server of its own @param more added at the end; the last `server` is known there */
export function serverText(targets: readonly LoadTarget[], more = ''): string {
  const listens = targets.map((target) => `server = http.createServer(answer).listen(${JSON.stringify(target)})`)
  return `${IMPORTS}\n${ANSWER}\nlet server\n${listens.join('\n')}\n${more}\n`
}
