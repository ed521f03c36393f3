/** The machine, in one line: a figure without it says nothing. */
import { readFileSync } from 'node:fs'
import { availableParallelism, release } from 'node:os'

export function describeMachine(): string {
  const model = /^model name\s*: (.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? process.arch
  const cores = availableParallelism()
  return `${model}, ${cores} ${cores === 1 ? 'core' : 'cores'}, Linux ${release()}, Node ${process.versions.node}`
}
