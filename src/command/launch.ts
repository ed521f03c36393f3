/** The launch record: what was typed, in a form that another process or a later restart can use. */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { MydError } from '../errors.ts'
import { type InstancePaths, LAUNCH_VERSION, type LaunchRecord } from '../protocol.ts'
import { collectEnvironment } from '../settings/load.ts'
import { FLAGS } from './flags.ts'
import type { Parsed } from './parse.ts'

export function describeLaunch(
  parsed: Parsed,
  environment: Readonly<Record<string, string | undefined>>,
  directory: string,
): LaunchRecord {
  const config = parsed.flags.get('config')?.[0]
  const envFile = parsed.flags.get('env-file')?.[0]
  return {
    version: LAUNCH_VERSION,
    directory,
    flags: collectSettings(parsed.flags),
    environment: collectEnvironment(environment),
    config: config === undefined ? null : resolve(directory, config),
    service: parsed.service === null ? null : resolve(directory, parsed.service),
    ...{ serviceName: null, serviceSchema: null }, // the service has not been looked at yet
    envFile: envFile === undefined ? null : resolve(directory, envFile),
    debug: parsed.flags.has('debug'),
    noFork: parsed.flags.has('nofork'),
    foreground: parsed.verb === null && !parsed.flags.has('daemon'),
  }
}

function collectSettings(flags: Parsed['flags']): Record<string, string> {
  const settings: Record<string, string> = {}
  for (const pair of flags.get('set') ?? []) {
    const at = pair.indexOf('=')
    if (at <= 0) throw new MydError('USAGE', `--set ${pair} has no value`, { hint: 'write --set name=value' })
    settings[pair.slice(0, at)] = pair.slice(at + 1)
  }
  for (const [name, values] of flags) {
    const setting = FLAGS[name]?.setting
    if (setting !== undefined && values[0] !== undefined) settings[setting] = values[0]
  }
  return settings
}

/**
 * Names this instance in the environment of its processes: by its state directory, whose jobs must not run twice, however
 * its path is spelled.
 */
export function nameInstance(name: string, paths: InstancePaths): string {
  const { dev, ino } = statSync(paths.stateDirectory)
  return `${name}.${dev.toString(16)}.${ino.toString(16)}`
}
