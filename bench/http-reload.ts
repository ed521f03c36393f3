/** Failed requests over five reloads under constant load of one kind, as the load client of the tests counts them. */
import { identify, isSameProcess, type ProcessIdentity } from '../src/system/proc.ts'
import { startLoad } from '../test/support/load-client.ts'
import type { LoadMode, LoadReport } from '../test/support/load-client-report.ts'
import { elapse, waitFor } from '../test/support/wait-for.ts'
import type { BenchOptions } from './bench.ts'
import { createMyd, createPm2, type Peer } from './http-peer.ts'
import { createNginx, createPuma } from './http-reload-peer.ts'

const PROC = 2
const RELOADS = 5
const CONNECTIONS = 8
const RELOAD_TIMEOUT_MS = 20_000
/** Between two reloads, and after the start: one that comes while another goes on may be ignored. */
const SETTLE_MS = 1000
const MODES = ['keep-alive', 'new-connection', 'slow'] as const satisfies LoadMode[]

export async function benchReloads(options: BenchOptions): Promise<void> {
  const created = await Promise.all(
    [createMyd, createPm2, createNginx, createPuma].map((create) => create(options, PROC)),
  )
  const peers = created.filter((peer) => peer !== null)
  console.log(`requests that failed over ${RELOADS} reloads, of all, by the kind of load`)
  for (const mode of MODES) {
    for (const peer of peers) {
      const canBeSlow = peer.name !== 'nginx'
      if (mode !== 'slow' || canBeSlow)
        console.log(`${mode.padEnd(15)} ${peer.name.padEnd(10)} ${await failuresOf(peer, mode)}`)
    }
  }
}

/** @returns `3 of 5120 (reset 2, hang 1)` */
async function failuresOf(peer: Peer, mode: LoadMode): Promise<string> {
  try {
    await peer.start()
    const load = startLoad(peer.target, { connections: { [mode]: CONNECTIONS } })
    let unfinished = 0
    try {
      for (let count = 0; count < RELOADS; count++) {
        await elapse(SETTLE_MS)
        if (!(await reload(peer))) unfinished++
      }
      await load.awaitRequests(CONNECTIONS)
    } finally {
      await load.stop()
    }
    const note = unfinished === 0 ? '' : `; ${unfinished} reloads did not come to their end`
    return describe(load.report) + note
  } finally {
    await peer.stop()
  }
}

/** @returns whether every worker was replaced */
async function reload(peer: Peer): Promise<boolean> {
  const before = peer.pids().flatMap((pid) => identify(pid) ?? [])
  await peer.reload?.()
  const isGone = (process: ProcessIdentity) => !isSameProcess(process)
  const areReplaced = () => before.filter(isGone).length >= PROC
  return await waitFor('new workers', areReplaced, Boolean, RELOAD_TIMEOUT_MS).catch(() => false)
}

function describe({ requests, failed, failures }: LoadReport): string {
  const kinds = Object.entries(failures).map(([kind, count]) => `${kind} ${count}`)
  return `${failed} of ${requests}${kinds.length === 0 ? '' : ` (${kinds.join(', ')})`}`
}
