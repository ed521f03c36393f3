/** CPU time against the number of workers: too many of them only stand in each other's way. */
import { readHost } from '../settings/load.ts'
import type { PreflightContext } from './context.ts'
import { type Finding, ok, warning } from './finding.ts'

const CROWDED = 4

/** @param cpus CPUs' worth of time that this process may use, the control group's quota included */
export function assessCpus(cpus: number, proc: number): Finding {
  const worth = `${Number(cpus.toFixed(2))} CPU${cpus === 1 ? '' : 's'} for ${proc} worker${proc === 1 ? '' : 's'}`
  if (proc <= cpus * CROWDED) return ok('cpu', worth)
  return warning('cpu', `only ${worth}`, `Lower proc to ${Math.max(1, Math.floor(cpus))}, or give it more CPU time`)
}

export function checkCgroup({ loaded, launch }: PreflightContext): Finding[] {
  return [assessCpus(readHost().cpus, launch.noFork ? 1 : loaded.settings.proc)]
}
