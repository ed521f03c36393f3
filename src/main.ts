/**
 * The program: role → what it is, argv → which command, and the only place that ends the process. What a command
 * throws is told here: an expected failure in a sentence with what to do, anything else as a bug with its stack.
 */
import type { CommandContext } from './command/context.ts'
import type { NamedLaunch } from './command/describe-service.ts'
import { asExpected, ERRORS, MydError, messageOf } from './errors.ts'
import { type LaunchRecord, PARENT_VARIABLE, ROLE_VARIABLE, ROLES, type Role } from './protocol.ts'
import { commandArguments, programPath, readBuildInfo } from './system/executable.ts'

const LAST_WORDS_MS = 1000

async function main(): Promise<number> {
  const role = takeRole()
  if (role !== null) return await runRole(role)
  return await runCommandLine(commandArguments(process.argv))
}

/** The role is for this process alone: what it starts gets one of its own. */
function takeRole(): Role | null {
  const role = process.env[ROLE_VARIABLE]
  delete process.env[ROLE_VARIABLE]
  return ROLES.find((known) => known === role) ?? null
}

async function runRole(role: Role): Promise<number> {
  switch (role) {
    case 'intermediate':
      return await (await import('./system/detach-intermediate.ts')).runIntermediate(process.env)
    case 'master':
      return await (await import('./command/run.ts')).runDetached()
    case 'worker':
      await adaptForks()
      return await (await import('./worker/worker.ts')).runWorker(process.env)
    case 'store':
      return await (await import('./job/store-process.ts')).runStore()
    case 'describe':
      await adaptForks()
      return await (await import('./service/describe.ts')).runDescribe(process.env.PATH)
    case 'module':
      return await runForked()
  }
}

/** For what a service forks; see fork.ts. Before anything loads node:cluster. */
async function adaptForks(): Promise<void> {
  ;(await import('./system/fork.ts')).adaptFork(process.env)
}

async function runForked(): Promise<number> {
  const parentPid = Number(process.env[PARENT_VARIABLE])
  delete process.env[PARENT_VARIABLE]
  const { runModule } = await import('./service/run-module.ts')
  return await runModule({ words: commandArguments(process.argv), parentPid, environment: process.env })
}

async function runCommandLine(typed: readonly string[]): Promise<number> {
  const { parseCommandLine } = await import('./command/parse.ts')
  const parsed = parseCommandLine(typed)
  const { describeLaunch } = await import('./command/launch.ts')
  const build = readBuildInfo()
  const program = programPath()
  const asTyped = describeLaunch(parsed, process.env, process.cwd())
  const context: CommandContext = {
    flags: parsed.flags,
    args: parsed.args,
    rest: parsed.rest,
    ...(await lookAtService(asTyped, program)),
    environment: process.env,
    build,
    program,
    json: parsed.flags.has('json'),
    quiet: parsed.flags.has('quiet'),
    width: process.stdout.columns ?? 80,
    color: process.stdout.isTTY === true && process.env.NO_COLOR === undefined,
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
  }
  const { chooseCommand } = await import('./command/choose.ts')
  return await (await chooseCommand(parsed, context))(context)
}

/** A service file says its name and its checks, which takes a child; without one there is nothing to ask. */
async function lookAtService(launch: LaunchRecord, program: string): Promise<NamedLaunch> {
  if (launch.service === null) return { launch, described: null }
  const { nameService } = await import('./command/describe-service.ts')
  return await nameService(launch, { environment: process.env, program, instance: null })
}

function tell(thrown: unknown): number {
  const error = asExpected(thrown)
  const debug = process.argv.includes('--debug')
  if (!(error instanceof MydError)) {
    process.stderr.write(`myd: a bug: ${error instanceof Error ? error.stack : messageOf(error)}\n`)
    return ERRORS.BUG.exit
  }
  process.stderr.write(`myd: ${error.message}\n`)
  if (error.hint !== undefined) process.stderr.write(`     ${error.hint}\n`)
  if (debug) process.stderr.write(`${error.stack}\n`)
  return error.exitCode
}

/** What was printed into a pipe is let out before the end; a reader that has gone is not waited for. */
function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.once('error', () => resolve())
    if (stream.destroyed) resolve()
    else stream.write('', () => resolve())
  })
}

/**
 * Results go to stdout: `| less` may read them as late as it likes. What is on stderr is said elsewhere too (log, exit
 * code), so that a reader of it who has stopped reading must not keep a daemon that has ended.
 */
async function flushAll(): Promise<void> {
  const deadline = new Promise<void>((resolve) => setTimeout(resolve, LAST_WORDS_MS))
  await Promise.all([flush(process.stdout), Promise.race([flush(process.stderr), deadline])])
}

process.stdout.on('error', () => {})
process.stderr.on('error', () => {})
main()
  .catch(tell)
  .then(async (code) => {
    await flushAll()
    process.exit(code)
  })
