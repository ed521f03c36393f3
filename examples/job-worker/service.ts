import { rename, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { defineService } from 'myd'

interface Download {
  url: string
  /** Where to; relative to the directory that the job was added in. */
  file: string
}

export default defineService({
  name: 'downloads',
  jobs: {
    /** At least once: what it writes appears whole or not at all, so that a second run does no harm. */
    async download(job, { log, signal }) {
      const { url, file } = JSON.parse(job.payload) as Download
      const response = await fetch(url, { signal })
      if (!response.ok) throw new Error(`${url} answers ${response.status}`) // tried again, later and later

      const path = resolve(job.directory, file)
      const bytes = new Uint8Array(await response.arrayBuffer())
      await writeFile(`${path}.part`, bytes, { signal })
      await rename(`${path}.part`, path)
      log.info('downloaded', { url, bytes: bytes.length, attempt: job.attempt })
    },
  },
})
