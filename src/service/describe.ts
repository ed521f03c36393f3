/**
 * The describe child: evaluates a service and runs its checks, away from everything that must live on; a program that
 * is no service is linked, and not evaluated. The child ends with who asked, by the parent-death signal: the service may
 * never give the loop back, so that the channel's end is not seen.
 */
import { MydError, messageOf } from '../errors.ts'
import { type CheckOrder, type CheckResults, type DescribeOrder, FD, type ServiceDescription } from '../protocol.ts'
import { adoptSocket, openChannel } from '../system/channel.ts'
import { setParentDeathSignal } from '../system/libc.ts'
import { which } from '../system/which.ts'
import type { Service } from './define-service.ts'
import { describeSettings } from './describe-settings.ts'
import { explainLoadError } from './explain-load-error.ts'
import { linkProgram } from './link-check.ts'
import { isDefined, loadService } from './load-service.ts'
import { silenceServers } from './silence-servers.ts'

const SIGKILL = 9

/**
 * Reads the path on the channel and answers with the description; then, when asked, runs the checks.
 * @param path PATH @returns the exit code
 */
export function runDescribe(path: string | undefined): Promise<number> {
  return new Promise((resolve) => {
    let service: Service | null = null
    const channel = openChannel<ServiceDescription | { checks: CheckResults }>(adoptSocket(FD.channel), {
      onMessage(message) {
        if ('settings' in message) return void check(message as unknown as CheckOrder)
        const order = message as unknown as DescribeOrder
        setParentDeathSignal(SIGKILL)
        if (process.ppid !== order.parentPid) return resolve(1) // it died before the signal was set
        void describe(order).then((found) => {
          service = found.service
          channel.send(found.description)
        })
      },
      onClose: () => resolve(1),
    })
    const check = async ({ settings }: CheckOrder): Promise<void> => {
      channel.send({ checks: service === null ? {} : await runChecks(service, settings, path) })
      channel.close()
      resolve(0)
    }
  })
}

interface Found {
  readonly description: ServiceDescription
  readonly service: Service | null
}

const UNMODIFIED: ServiceDescription = {
  kind: 'unmodified',
  ...{ name: null, settings: {}, jobTypes: [], isServing: false, error: null, advice: null },
}

async function describe({ service: file, hasLoader }: DescribeOrder): Promise<Found> {
  try {
    if (!isDefined(file)) return { description: hasLoader ? UNMODIFIED : await describeProgram(file), service: null }
    silenceServers()
    const loaded = await loadService(file)
    if (loaded.kind === 'unmodified') return { description: UNMODIFIED, service: null }
    const { service } = loaded
    const settings = describeSettings(service.settings ?? {})
    if (typeof settings === 'string') throw new Error(`${file}: ${settings}`) // loading it checked them
    const { name = null, jobs = {} } = service
    const jobTypes = Object.keys(jobs)
    const isServing = service.http !== undefined || service.connection !== undefined
    return { description: { ...UNMODIFIED, kind: 'defined', name, settings, jobTypes, isServing }, service }
  } catch (error) {
    const advice = error instanceof MydError ? (error.hint ?? null) : null
    return { description: { ...UNMODIFIED, kind: 'defined', error: messageOf(error), advice }, service: null }
  }
}

/** Only a worker may run it: here it is told whether it can begin. */
async function describeProgram(file: string): Promise<ServiceDescription> {
  try {
    await linkProgram(file)
    return UNMODIFIED
  } catch (error) {
    const { message, hint } = explainLoadError(error, file)
    return { ...UNMODIFIED, error: message, advice: hint }
  }
}

async function runChecks(
  service: Service,
  settings: CheckOrder['settings'],
  path: string | undefined,
): Promise<CheckResults> {
  const context = { which: (program: string) => which(program, path), settings: settings as never }
  const results: Record<string, string | null> = {}
  for (const [sentence, check] of Object.entries(service.checks ?? {})) {
    try {
      results[sentence] = (await check(context)) ? null : 'it is not so'
    } catch (error) {
      results[sentence] = messageOf(error)
    }
  }
  return results
}
