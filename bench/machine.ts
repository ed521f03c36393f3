/** The machine, in one line: a figure without it says nothing. */
import { readFileSync } from 'node:fs'
import { availableParallelism, loadavg, release } from 'node:os'

export function describeMachine(): string {
  const model = /^model name\s*: (.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? process.arch
  const cores = availableParallelism()
  return `${model}, ${cores} ${cores === 1 ? 'core' : 'cores'}, Linux ${release()}, Node ${process.versions.node}`
}

/** How busy the machine is with whatever runs on it: figures of a busy one are not comparable with another run's. */
export function describeLoad(): string {
  return `load average of the last minute: ${(loadavg()[0] ?? Number.NaN).toFixed(1)}`
}
