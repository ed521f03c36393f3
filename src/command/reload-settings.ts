/**
 * Settings for a reload: read again from where they came, checked as far as they can have changed, and the service looked
 * at anew; what is wrong rejects the reload.
 */
import type { Reloaded } from '../master/settings-in-force.ts'
import { checkCommands } from '../preflight/commands.ts'
import type { Finding } from '../preflight/finding.ts'
import { failure } from '../preflight/finding.ts'
import { runPreflight } from '../preflight/preflight.ts'
import { placeOf } from '../preflight/render.ts'
import { checkUser } from '../preflight/user.ts'
import type { LaunchRecord } from '../protocol.ts'
import { type LoadedSettings, loadSettings, readEnvironment } from '../settings/load.ts'
import { readBuildInfo } from '../system/executable.ts'
import { nameService, serviceFindings } from './describe-service.ts'
import { nameInstance } from './launch.ts'

const EXIT_SETTINGS = 78

/** @param current what is in force */
export async function reloadSettings(
  launch: LaunchRecord,
  program: string,
  current: LoadedSettings,
): Promise<Reloaded> {
  const environment = readEnvironment()
  const instance = nameInstance(current.settings.name, current.paths)
  const { launch: named, described } = await nameService(launch, { environment, program, instance })
  const { serviceName } = launch // a new name takes a restart
  const loaded = await loadSettings({ ...named, serviceName }, environment)
  const context = {
    ...{ loaded, launch, environment, build: readBuildInfo(), executablePath: program, verifyFile: null },
    instance: { kind: 'running', pid: process.pid } as const,
    uid: process.getuid?.() ?? 0,
    serviceFindings: [],
  }
  const findings: Finding[] = [
    ...loaded.findings,
    ...(await runPreflight(context, { user: checkUser, commands: checkCommands })),
    ...serviceFindings(described, loaded),
    ...checkPlace(loaded, current),
  ]
  const failures = findings.filter((finding) => finding.level === 'failure')
  if (failures.length === 0) return { loaded }
  const reasons = failures.map((finding) => `${placeOf(finding)}${finding.message}`)
  return { rejected: reasons.join('; '), exit: EXIT_SETTINGS }
}

/** Where an instance lies is settled when it starts: its sockets are open, its jobs are there. */
function checkPlace(loaded: LoadedSettings, current: LoadedSettings): Finding[] {
  const before: Readonly<Record<string, string>> = { ...current.paths }
  const changed = Object.entries(loaded.paths).find(([name, path]) => path !== before[name])
  if (changed === undefined) return []
  return [failure('settings', `${changed[0]} would change to ${changed[1]}, which takes a restart`, 'Restart it')]
}
