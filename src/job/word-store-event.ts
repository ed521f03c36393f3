/** What the store says to the log. Pure. */
import type { LogLevel } from '../protocol.ts'
import type { StoreEvent } from './store-server.ts'

export function wordStoreEvent(event: StoreEvent): { level: LogLevel; message: string } {
  switch (event.type) {
    case 'store.disk':
      return { level: 'error', message: `jobs cannot be written, nothing is acknowledged: ${event.message}` }
    case 'store.diskRecovered':
      return { level: 'info', message: 'jobs can be written again' }
    case 'store.crowded':
      return { level: 'warning', message: `a client was refused: ${event.connections} are connected` }
  }
}
