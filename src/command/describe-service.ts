/** What a service file says of itself, learnt from a child of its own: its code never runs in this process. */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { type Finding, failure, ok, warning } from '../preflight/finding.ts'
import {
  type CheckOrder,
  type CheckResults,
  type DescribeOrder,
  INSTANCE_VARIABLE,
  type LaunchRecord,
  ROLE_VARIABLE,
  type ServiceDescription,
} from '../protocol.ts'
import { readEnvFile } from '../settings/env-file.ts'
import { type LoadedSettings, loadSettings } from '../settings/load.ts'
import { openChannel } from '../system/channel.ts'
import { childEnvironment } from '../system/child-environment.ts'
import { isPacked, selfCommand } from '../system/executable.ts'
import { trackChild } from '../system/own-children.ts'
import { parseChecks, parseDescription } from './parse-description.ts'

export interface DescribeOptions {
  readonly service: string
  readonly program: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Value of INSTANCE_VARIABLE, for what the service leaves behind; null before there is an instance. */
  readonly instance: string | null
  /** The settings of the service that its checks are given; null when they are not complete: then none is run. */
  readonly settingsFor: (description: ServiceDescription) => Promise<CheckOrder['settings'] | null>
}

export interface Described {
  readonly description: ServiceDescription
  readonly checks: CheckResults
}

const TIMEOUT_MS = 30_000
/** Of NODE_OPTIONS those that decide what can be loaded: what is wrong without them may be right with them. */
const LOADER_OPTION = /(^|\s)(-r|-C|--(import|require|loader|conditions|preserve-symlinks|experimental-))/

/** Never rejects for what the service does: what goes wrong with it is the description's `error`. */
export function describeService(options: DescribeOptions): Promise<Described> {
  const { service, settingsFor } = options
  return new Promise((resolve, reject) => {
    const child = spawnDescribe(options)
    const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS)
    let description: ServiceDescription | null = null
    const end = (described: Described) => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      resolve(described)
    }
    const fail = (error: string) => end({ description: { ...NOTHING_KNOWN, error }, checks: {} })
    child.once('error', (error) => fail(`${service} cannot be looked at: ${error.message}`))
    const channel = openChannel<DescribeOrder | CheckOrder>(child.stdio[3] as Socket, {
      onMessage(message) {
        const found = description ?? parseDescription(message)
        const checks = description === null ? {} : parseChecks(message)
        if (found === null || checks === null) return fail(`${service} makes no sense: it answered for itself`)
        if (description !== null || found.error !== null) return end({ description: found, checks })
        description = found
        settingsFor(found).then((settings) => {
          if (settings === null) end({ description: found, checks: {} })
          else channel.send({ settings })
        }, reject)
      },
      onClose: () => fail(`${service} ended, or took longer than ${TIMEOUT_MS / 1000} s, while it was evaluated`),
    })
    channel.send({ service, hasLoader: hasLoader(options.environment), parentPid: process.pid })
  })
}

/** The packed program obeys no such options. */
function hasLoader({ NODE_OPTIONS = '' }: DescribeOptions['environment']): boolean {
  return !isPacked() && LOADER_OPTION.test(NODE_OPTIONS)
}

const NOTHING_KNOWN: ServiceDescription = {
  ...{ kind: 'defined', name: null, settings: {}, jobTypes: [], isServing: false, error: null, advice: null },
}

function spawnDescribe({ environment, program, instance }: DescribeOptions): ChildProcess {
  const { file, args } = selfCommand()
  const mark = instance === null ? {} : { [INSTANCE_VARIABLE]: instance }
  const child = spawn(file, args, {
    argv0: program,
    env: childEnvironment(environment, [], { ...mark, [ROLE_VARIABLE]: 'describe' }),
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  trackChild(child)
  return child
}

export interface NamedLaunch {
  readonly launch: LaunchRecord
  /** null for the built-in service. */
  readonly described: Described | null
}

/** The launch record with what the service says of itself: its name, so that the instance has it, and its settings. */
export async function nameService(
  launch: LaunchRecord,
  options: Omit<DescribeOptions, 'service' | 'settingsFor'>,
): Promise<NamedLaunch> {
  const { service } = launch
  if (service === null) return { launch, described: null }
  const described = await describeService({
    ...{ ...options, service },
    environment: { ...readEnvFile(launch.envFile).variables, ...options.environment },
    settingsFor: async (description) => {
      const loaded = await loadSettings(addDescription(launch, description), options.environment)
      return isComplete(loaded) ? loaded.serviceSettings : null
    },
  })
  return { launch: addDescription(launch, described.description), described }
}

function addDescription(launch: LaunchRecord, { error, name, settings }: ServiceDescription): LaunchRecord {
  return error === null ? { ...launch, serviceName: name, serviceSchema: settings } : { ...launch, serviceSchema: null }
}

/** Whether every setting that must be given is. */
function isComplete({ serviceSchema, serviceSettings }: LoadedSettings): boolean {
  return Object.entries(serviceSchema).every(([name, row]) => row.default === null || serviceSettings[name] !== null)
}

/** What the service's own checks found, and whether it serves what the setting `listen` says. */
export function serviceFindings(described: Described | null, { settings, findings }: ServedSettings): Finding[] {
  const own = ownFindings(described)
  if (described?.description.error != null) return own
  const isWrong = findings.some(({ level, message }) => level === 'failure' && ABOUT_LISTEN.test(message))
  return isWrong ? own : [...own, ...listenFindings(described?.description.isServing ?? false, settings.listen)]
}

export interface ServedSettings extends Pick<LoadedSettings, 'findings'> {
  readonly settings: Pick<LoadedSettings['settings'], 'listen'>
}

/** What was written there was not understood: whether anything serves it cannot be said. */
const ABOUT_LISTEN = /^(listen|MYD_LISTEN)\b/

function listenFindings(isServing: boolean, listen: readonly string[]): Finding[] {
  if (isServing && listen.length === 0) {
    const message = 'it has http or connection, and nothing says where it listens'
    return [failure('service', message, 'Set listen: --set listen=127.0.0.1:8080, or listen in the settings file')]
  }
  if (isServing || listen.length === 0) return []
  const message = `listen is set, and nothing serves ${listen.join(', ')}: there is no http and no connection`
  return [warning('service', message, 'Remove listen; a server that calls listen itself says where')]
}

function ownFindings(described: Described | null): Finding[] {
  if (described === null) return []
  const { description, checks } = described
  if (description.error !== null) {
    return [failure('service', description.error, capitalise(description.advice ?? 'mend the service file'))]
  }
  return Object.entries(checks).map(([sentence, problem]) =>
    problem === null
      ? ok('service', sentence)
      : failure('service', `${sentence}: ${problem}`, 'The service asks for this in its checks'),
  )
}

function capitalise(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
}
