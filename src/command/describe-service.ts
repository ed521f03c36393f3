/** What a service file says of itself, learnt from a child of its own: its code never runs in this process. */
import { spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { type Finding, failure, ok } from '../preflight/finding.ts'
import {
  type DescribeOrder,
  INSTANCE_VARIABLE,
  type LaunchRecord,
  ROLE_VARIABLE,
  type ServiceDescription,
} from '../protocol.ts'
import { openChannel } from '../system/channel.ts'
import { childEnvironment } from '../system/child-environment.ts'
import { selfCommand } from '../system/executable.ts'
import { trackChild } from '../system/own-children.ts'
import { parseDescription } from './parse-description.ts'

export interface DescribeOptions {
  readonly service: string
  readonly program: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Value of INSTANCE_VARIABLE, for what the service leaves behind; null before there is an instance. */
  readonly instance: string | null
}

const TIMEOUT_MS = 30_000

/** Never rejects: what goes wrong is the description's `error`. */
export function describeService(options: DescribeOptions): Promise<ServiceDescription> {
  return new Promise((resolve) => {
    const { file, args } = selfCommand()
    const mark = options.instance === null ? {} : { [INSTANCE_VARIABLE]: options.instance }
    const child = spawn(file, args, {
      argv0: options.program,
      env: childEnvironment(options.environment, [], { ...mark, [ROLE_VARIABLE]: 'describe' }),
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    })
    trackChild(child)
    const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS)
    const end = (description: ServiceDescription) => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      resolve(description)
    }
    const fail = (error: string) =>
      end({ ...{ kind: 'defined', name: null, settings: {}, jobTypes: [], checks: {} }, error, advice: null })
    child.once('error', (error) => fail(`${options.service} cannot be looked at: ${error.message}`))
    const channel = openChannel<DescribeOrder>(child.stdio[3] as Socket, {
      onMessage(message) {
        const description = parseDescription(message)
        if (description === null) fail(`${options.service} makes no sense: it answered for itself`)
        else end(description)
      },
      onClose: () =>
        fail(`${options.service} ended, or took longer than ${TIMEOUT_MS / 1000} s, while it was evaluated`),
    })
    channel.send({ service: options.service, parentPid: process.pid })
  })
}

export interface NamedLaunch {
  readonly launch: LaunchRecord
  readonly description: ServiceDescription | null
}

/** The launch record with what the service calls itself, so that the instance has its name. */
export async function nameService(
  launch: LaunchRecord,
  options: Omit<DescribeOptions, 'service'>,
): Promise<NamedLaunch> {
  const { service } = launch
  if (service === null) return { launch, description: null }
  const description = await describeService({ ...options, service })
  return { launch: { ...launch, serviceName: description.name }, description }
}

/** The service's own checks as findings; none for the built-in service. */
export function serviceFindings(description: ServiceDescription | null): Finding[] {
  if (description === null) return []
  if (description.error !== null)
    return [failure('service', description.error, capitalise(description.advice ?? 'mend the service file'))]
  return Object.entries(description.checks).map(([sentence, problem]) =>
    problem === null
      ? ok('service', sentence)
      : failure('service', `${sentence}: ${problem}`, 'The service asks for this in its checks'),
  )
}

function capitalise(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
}
