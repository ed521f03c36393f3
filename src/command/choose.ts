/** Which command the flags and the verb ask for. */
import { MydError } from '../errors.ts'
import type { Command, CommandContext } from './context.ts'
import type { Parsed } from './parse.ts'
import { VERBS } from './verbs.ts'

export async function chooseCommand(parsed: Parsed, context: CommandContext): Promise<Command> {
  const { flags, verb } = parsed
  for (const flag of ['ready-fd']) if (flags.has(flag)) throw later(`--${flag}`)
  if (flags.has('version')) return printVersion
  if (flags.has('help')) return await chooseHelp(verb)
  if (verb !== null) {
    const load = VERBS[verb]?.load
    if (load == null) throw later(verb)
    return await load()
  }
  if (flags.has('settings')) return (await import('./settings.ts')).runSettings
  if (flags.has('check')) return (await import('./check.ts')).runCheck
  if (flags.has('daemon')) return (await import('./start.ts')).runStart
  if (flags.has('master') || flags.has('nofork')) return (await import('./run.ts')).runForeground
  if (parsed.service !== null || flags.size > 0) throw nothingToDo(context)
  return (await import('./help.ts')).runHelp
}

async function chooseHelp(verb: string | null): Promise<Command> {
  const { runHelp } = await import('./help.ts')
  return (context) => runHelp({ ...context, args: verb === null ? [] : [verb] })
}

const printVersion: Command = async ({ build, json, stdout }) => {
  const { name, version, buildId, node, target } = build
  stdout(json ? `${JSON.stringify(build)}\n` : `${name} ${version} build ${buildId} node ${node} ${target}\n`)
  return 0
}

function later(what: string): MydError {
  return new MydError('USAGE', `${what} is not in this version`)
}

function nothingToDo(context: CommandContext): MydError {
  return new MydError('USAGE', 'nothing says what to do', {
    hint: `add --check, --daemon or --master; ${context.build.name} --help lists all`,
  })
}
