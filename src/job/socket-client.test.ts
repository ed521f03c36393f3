import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { bindUnixSocket } from '../system/unix-socket.ts'
import { connectToStore } from './socket-client.ts'

test('a listener that goes while a client waits to be accepted is nobody', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'myd-client-'))
  try {
    const path = join(directory, 's')
    const fd = bindUnixSocket(path, 0o600)
    const connected = connectToStore(path)
    closeSync(fd)
    assert.equal(await connected, null)
  } finally {
    rmSync(directory, { recursive: true })
  }
})
