/** A worker as code that knows node:cluster expects to find itself: not the primary, a worker with an id. */
import cluster from 'node:cluster'
import { syncBuiltinESMExports } from 'node:module'

/**
 * `cluster.worker.id` is slot + 1, in a restarted worker too. To disconnect it, or to kill it, is to ask for the end of
 * this process in order. `cluster.fork` goes on as it is, for who forks on purpose.
 */
export function adaptCluster(slot: number): void {
  const worker = new cluster.Worker({ id: slot + 1, process, state: 'online' } as never)
  const end = (): typeof worker => {
    worker.exitedAfterDisconnect = true
    process.kill(process.pid, 'SIGTERM')
    return worker
  }
  Object.assign(worker, { disconnect: end, kill: end, destroy: end, isConnected: () => true, isDead: () => false })
  Object.assign(cluster, { isPrimary: false, isMaster: false, isWorker: true, worker })
  syncBuiltinESMExports()
}
