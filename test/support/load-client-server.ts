/** Texts of servers that answer what load clients ask: for a service file, and for a Node server that knows nothing of us. */

/** `answer(request, response)`: /echo/N its path, /slow/N its path after 200 ms, /upload the SHA-256 of the body. */
export const ANSWER = `
function answer(request, response) {
  response.setHeader('x-pid', process.pid)
  if (request.url.startsWith('/slow/')) return setTimeout(() => response.end(request.url), 200)
  if (request.method !== 'POST') return response.end(request.url)
  const hash = createHash('sha256')
  request.on('data', (chunk) => hash.update(chunk)).on('end', () => response.end(hash.digest('hex')))
}
`
const IMPORTS = `import { createHash } from 'node:crypto'\nimport http from 'node:http'\n`

/** @param listen the arguments of `listen`, such as `8080, '127.0.0.1'` @param more added at the end; `server` is known */
export function serverText(listen: string, more = ''): string {
  return `${IMPORTS}${ANSWER}\nconst server = http.createServer(answer)\nserver.listen(${listen})\n${more}`
}
