/** Reloads under way, for the tests of them. */
import assert from 'node:assert/strict'
import { SimulatedDaemon } from './simulated-daemon.ts'
import { POLICY } from './supervision.ts'

/** A daemon of which place 0 is being replaced by a successor in seat 1. */
export function rolling(proc: number): { daemon: SimulatedDaemon; id: number } {
  const daemon = SimulatedDaemon.running(proc)
  const id = daemon.request({ type: 'reload' })
  daemon.loadSettings()
  return { daemon, id }
}

/** Lets a reload go on until nothing is asked for any more. */
export function rollToEnd(daemon: SimulatedDaemon, onStep: () => void = () => {}): void {
  for (let rounds = 0; daemon.state.reload.name !== 'idle'; rounds++) {
    assert.ok(rounds < 1000, 'the reload does not end')
    if (daemon.pendingLoads > 0) daemon.loadSettings()
    onStep()
    daemon.readyAll()
    onStep()
    daemon.advance(POLICY.stableMs)
    onStep()
    daemon.exitOrdered()
    daemon.endCommands()
    onStep()
  }
}
