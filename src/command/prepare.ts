/**
 * What every start does first: read the settings, make the directories, take the lock, and look whether it will run.
 * Whatever is wrong is told with the words of `--check`, and nothing is left behind.
 */
import { closeSync, existsSync, mkdirSync } from 'node:fs'
import { errnoOf, MydError } from '../errors.ts'
import type { StartFacts } from '../preflight/context.ts'
import { type Finding, hasFailure } from '../preflight/finding.ts'
import { runPreflight } from '../preflight/preflight.ts'
import { renderFindings } from '../preflight/render.ts'
import type { InstancePaths } from '../protocol.ts'
import { type LoadedSettings, loadSettings } from '../settings/load.ts'
import { withMode } from '../system/exact-mode.ts'
import type { InheritedSocket } from '../system/inherited-sockets.ts'
import { inspectPidfile } from '../system/inspect-instance.ts'
import { type Claim, claimInstance, recordState } from '../system/instance-lock.ts'
import type { CommandContext } from './context.ts'
import { serviceFindings } from './describe-service.ts'
import { nameInstance } from './launch.ts'

/** Descriptors from here on were left open by whoever called; nothing of ours is open yet. */
export const FIRST_INHERITED_FD = 3

interface StartContext extends CommandContext {
  readonly inherited: readonly InheritedSocket[]
}

export type Prepared =
  | { readonly outcome: 'go'; readonly loaded: LoadedSettings; readonly lockFd: number }
  /** Nothing more to do; this is the exit code. */
  | { readonly outcome: 'end'; readonly exit: number }

/** @param inherited what systemd passed @throws MydError */
export async function prepareStart(command: CommandContext, inherited: readonly InheritedSocket[]): Promise<Prepared> {
  const context = { ...command, inherited }
  const loaded = await loadSettings(context.launch, context.environment)
  refuseWrongSettings(context, loaded.findings)
  const { paths, settings } = loaded
  if (!makeDirectories(paths)) return refuse(context, await preflight(context, loaded, startFacts(context, loaded)))
  const claim = await tryClaim(context, loaded)
  if (claim === null) return refuse(context, await preflight(context, loaded, startFacts(context, loaded)))
  switch (claim.outcome) {
    case 'running':
      if (!context.quiet) context.stderr(`${settings.name}: already running (pid ${claim.pid})\n`)
      return { outcome: 'end', exit: 0 }
    case 'failed':
      throw new MydError('START_FAILED', `the start that was under way failed: ${claim.reason}`, { exit: claim.exit })
    case 'timeout':
      throw new MydError('START_FAILED', `another start or stop has been under way for ${settings.startTimeout} ms`, {
        hint: `see who holds ${paths.lock}${claim.pid === null ? '' : ` (pid ${claim.pid})`}`,
      })
    case 'taken':
      return await checkHeld(context, loaded, claim.fd)
  }
}

/** @returns null when the lock cannot be had for a reason that preflight tells in its own words */
async function tryClaim(context: CommandContext, { paths, settings }: LoadedSettings): Promise<Claim | null> {
  try {
    return await claimInstance(paths, context.build.buildId, settings.startTimeout)
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === 'ENOSPC' || errno === 'EDQUOT' || errno === 'EACCES' || errno === 'EROFS') return null
    throw error
  }
}

/** The check proper, while the lock is held: what is found cannot be changed by another start. */
async function checkHeld(context: StartContext, loaded: LoadedSettings, lockFd: number): Promise<Prepared> {
  const findings = await preflight(context, loaded, startFacts(context, loaded))
  if (!hasFailure(findings)) return { outcome: 'go', loaded, lockFd }
  const reason = findings.find((finding) => finding.level === 'failure')?.message ?? ''
  recordState(lockFd, context.build.buildId, 'failed', { exit: 1, reason })
  closeSync(lockFd)
  return refuse(context, findings)
}

/**
 * What a restart does before it stops what runs: whether it will run again.
 * @returns the exit code when it will not; null when it will @throws MydError when the settings are wrong
 */
export async function checkAhead(context: CommandContext): Promise<number | null> {
  const loaded = await loadSettings(context.launch, context.environment)
  refuseWrongSettings(context, loaded.findings)
  const findings = await preflight(context, loaded)
  if (!hasFailure(findings)) return null
  const { exit } = refuse(context, findings)
  return exit
}

/** @param start what is known when this is one, the lock held */
async function preflight(context: CommandContext, loaded: LoadedSettings, start?: StartFacts): Promise<Finding[]> {
  const { launch, environment, build, program } = context
  const { paths } = loaded
  return await runPreflight({
    ...{ loaded, launch, environment, build },
    ...(start === undefined ? {} : { start }),
    executablePath: program,
    instance: inspectPidfile(paths),
    uid: process.getuid?.() ?? 0,
    verifyFile: null, // a start reads only the embedded parts; --check reads the whole file
    serviceFindings: serviceFindings(context.described, loaded),
  })
}

function startFacts({ inherited }: StartContext, { paths, settings }: LoadedSettings): StartFacts {
  return { inherited, instanceName: existsSync(paths.stateDirectory) ? nameInstance(settings.name, paths) : null }
}

function refuse(context: CommandContext, findings: readonly Finding[]): Extract<Prepared, { outcome: 'end' }> {
  const wrong = findings.filter((finding) => finding.level !== 'ok')
  context.stderr(renderFindings(wrong, context, findings))
  context.stderr(`${context.build.name}: nothing was started\n`)
  return { outcome: 'end', exit: 1 }
}

/** A flag that is wrong is a usage error; settings that are wrong are the operator's. */
export function refuseWrongSettings(context: CommandContext, findings: readonly Finding[]): void {
  const failures = findings.filter((finding) => finding.level === 'failure')
  if (failures.length === 0) return
  context.stderr(renderFindings(failures, context))
  const code = failures.some((finding) => finding.check === 'flag') ? 'USAGE' : 'SETTINGS'
  throw new MydError(code, 'nothing was started', { hint: '--settings shows every setting and where it comes from' })
}

/** @returns false when one cannot be made; preflight says why */
function makeDirectories({ runDirectory, logDirectory, stateDirectory }: InstancePaths): boolean {
  try {
    withMode(0o755, () => mkdirSync(runDirectory, { recursive: true, mode: 0o755 }))
    withMode(0o755, () => mkdirSync(logDirectory, { recursive: true, mode: 0o755 }))
    withMode(0o750, () => mkdirSync(stateDirectory, { recursive: true, mode: 0o750 }))
    return true
  } catch {
    return false // preflight looks at each directory and tells what is wrong with it
  }
}
