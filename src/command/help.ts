/** `help`, `help VERB`, `help exit-codes`. */
import { ERRORS, MydError } from '../errors.ts'
import type { Command } from './context.ts'
import { align } from './render-status.ts'
import { STATUS_EXITS } from './status.ts'
import { renderUsage, renderVerbUsage, type UsageOptions } from './usage.ts'
import { VERBS } from './verbs.ts'

export const runHelp: Command = async (context) => {
  const [topic] = context.args
  const { build, width } = context
  const options: UsageOptions = { name: build.name, version: build.version, debug: build.debug, width }
  if (topic === undefined) context.stdout(renderUsage(options))
  else if (topic === 'exit-codes') context.stdout(renderExitCodes())
  else if (Object.hasOwn(VERBS, topic)) context.stdout(renderVerbUsage(topic, options))
  else throw new MydError('USAGE', `no help on ${topic}`, { hint: 'help VERB, or help exit-codes' })
  return 0
}

/** From the one table in code. */
export function renderExitCodes(): string {
  const meanings = Map.groupBy(Object.values(ERRORS), ({ exit }) => exit)
  const rows = [...meanings].map(([exit, kinds]) => [String(exit), kinds.map(({ meaning }) => meaning).join('; ')])
  const { running, dead, notRunning, unknown } = STATUS_EXITS
  const lsb = [
    [String(running), 'running'],
    [String(dead), 'dead, and the pidfile is there'],
    [String(notRunning), 'not running'],
    [String(unknown), 'unknown'],
  ]
  return `${[...align([['0', 'done'], ...rows]), '', 'status:', ...align(lsb)].join('\n')}\n`
}
