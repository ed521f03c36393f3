/**
 * `job add|list|show|retry|cancel|stats|wait`: the jobs of an instance, over the socket of its store or, with no daemon,
 * in its database. Output for programs goes to stdout, sentences for people to stderr.
 */
import { MydError } from '../errors.ts'
import { openJobClient } from '../job/client.ts'
import { readJobConfig } from '../job/job-config.ts'
import { type Finding, hasFailure } from '../preflight/finding.ts'
import { loadSettings } from '../settings/load.ts'
import { nearest } from '../settings/nearest.ts'
import type { Command } from './context.ts'
import { addJob } from './job-add.ts'
import { cancelJob, retryJob } from './job-change.ts'
import type { JobCommand } from './job-command.ts'
import { listJob, showJob, showJobStats } from './job-list.ts'
import { waitJob } from './job-wait.ts'

interface Subcommand {
  /** Flags of `job` that mean something to it. */
  readonly flags: readonly string[]
  readonly run: JobCommand
}

const SUBCOMMANDS: Readonly<Record<string, Subcommand>> = {
  add: {
    flags: ['type', 'delay', 'priority', 'key', 'attempts', 'timeout', 'wait', 'from-file'],
    run: addJob,
  },
  list: { flags: ['state', 'type', 'limit'], run: listJob },
  show: { flags: [], run: showJob },
  retry: { flags: ['all-buried'], run: retryJob },
  cancel: { flags: [], run: cancelJob },
  stats: { flags: [], run: showJobStats },
  wait: { flags: ['all'], run: waitJob },
}

const OWN_FLAGS = new Set(Object.values(SUBCOMMANDS).flatMap((subcommand) => subcommand.flags))

export const runJob: Command = async (context) => {
  const [name, ...args] = context.args
  const { run } = findSubcommand(name, context.flags)
  const { settings, jobTypes, paths, findings } = await loadSettings(context.launch, context.environment)
  refuseFlags(findings)
  const client = await openJobClient(paths, () => {
    refuseSettings(findings)
    return readJobConfig(settings, jobTypes)
  })
  try {
    return await run({ context, args, client, instance: settings.name })
  } finally {
    await client.close()
  }
}

function findSubcommand(name: string | undefined, flags: ReadonlyMap<string, unknown>): Subcommand {
  const known = Object.keys(SUBCOMMANDS)
  const subcommand = name !== undefined && Object.hasOwn(SUBCOMMANDS, name) ? SUBCOMMANDS[name] : undefined
  if (subcommand === undefined) {
    const near = name === undefined ? null : nearest(name, known)
    const message = name === undefined ? 'job needs a word behind it' : `unknown: job ${name}`
    const hint =
      near === null ? `Known are ${known.map((word) => `job ${word}`).join(', ')}` : `did you mean job ${near}?`
    throw new MydError('USAGE', message, { hint })
  }
  const wrong = [...flags.keys()].find((flag) => OWN_FLAGS.has(flag) && !subcommand.flags.includes(flag))
  if (wrong === undefined) return subcommand
  const right = known.filter((word) => SUBCOMMANDS[word]?.flags.includes(wrong)).map((word) => `job ${word}`)
  throw new MydError('USAGE', `--${wrong} means nothing to job ${name}`, { hint: `it belongs to ${right.join(', ')}` })
}

/** What was typed here is told here; a settings file that broke since the start is the running daemon's no concern. */
function refuseFlags(findings: readonly Finding[]): void {
  const wrong = findings.find((finding) => finding.level === 'failure' && finding.check === 'flag')
  if (wrong !== undefined) throw new MydError('USAGE', wrong.message, { hint: wrong.advice })
}

function refuseSettings(findings: readonly Finding[]): void {
  if (!hasFailure(findings)) return
  const words = findings.filter((finding) => finding.level === 'failure').map((finding) => finding.message)
  throw new MydError('SETTINGS', `the settings are wrong: ${words.join('; ')}`, { hint: '--check says more' })
}
