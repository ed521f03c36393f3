import { readFile } from 'node:fs/promises'
import { defineService } from 'myd'

export default defineService({
  name: 'words',
  settings: {
    dictionary: {
      type: 'path',
      help: 'Text file with a word in each line',
    },
    limit: { type: 'integer', default: 10, min: 1, max: 1000, help: 'How many words an answer has at most' },
  },
  checks: {
    'the dictionary has words': async ({ settings }) => (await readFile(settings.dictionary, 'utf8')).trim() !== '',
  },

  /** In each worker, which takes no request before this is done. What is returned is `state` below. */
  async start({ settings, log }) {
    const words = (await readFile(settings.dictionary, 'utf8')).trim().split('\n').sort()
    log.info('the dictionary is loaded', { words: words.length })
    return { words }
  },

  /** GET /words?prefix=co → ["coast","cobalt"] */
  http(request, response, { settings, state }) {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    response.setHeader('Content-Type', 'application/json')
    if (pathname !== '/words') {
      response.writeHead(404).end('{"error":"there is /words?prefix=…"}\n')
      return
    }
    const prefix = searchParams.get('prefix') ?? ''
    const found = state.words.filter((word) => word.startsWith(prefix)).slice(0, settings.limit)
    response.end(`${JSON.stringify(found)}\n`)
  },
})
