/**
 * The describe child: evaluates a service and runs its checks, away from everything that must live on. It ends with who
 * asked, by the parent-death signal: the service may never give the loop back, so that the channel's end is not seen.
 */
import { MydError, messageOf } from '../errors.ts'
import { type DescribeOrder, FD, type ServiceDescription } from '../protocol.ts'
import { adoptSocket, openChannel } from '../system/channel.ts'
import { setParentDeathSignal } from '../system/libc.ts'
import { which } from '../system/which.ts'
import type { Service } from './define-service.ts'
import { describeSettings } from './describe-settings.ts'
import { isDefined, loadService } from './load-service.ts'
import { silenceServers } from './silence-servers.ts'

const SIGKILL = 9

/** Reads the path on the channel, answers with the description. @returns the exit code */
export function runDescribe(path: string | undefined): Promise<number> {
  return new Promise((resolve) => {
    const channel = openChannel<ServiceDescription>(adoptSocket(FD.channel), {
      onMessage(message) {
        const { service, parentPid } = message as unknown as DescribeOrder
        setParentDeathSignal(SIGKILL)
        if (process.ppid !== parentPid) return resolve(1) // it died before the signal was set
        void describe(service, path).then((description) => {
          channel.send(description)
          channel.close()
          resolve(0)
        })
      },
      onClose: () => resolve(1),
    })
  })
}

const UNMODIFIED: ServiceDescription = {
  kind: 'unmodified',
  ...{ name: null, settings: {}, jobTypes: [], checks: {}, error: null, advice: null },
}

async function describe(file: string, path: string | undefined): Promise<ServiceDescription> {
  try {
    if (!isDefined(file)) return UNMODIFIED
    silenceServers()
    const loaded = await loadService(file)
    if (loaded.kind === 'unmodified') return UNMODIFIED
    const { service } = loaded
    const checks = await runChecks(service, path)
    const settings = describeSettings(service.settings ?? {})
    if (typeof settings === 'string') throw new Error(`${file}: ${settings}`) // loading it checked them
    const jobTypes = Object.keys(service.jobs ?? {})
    return { kind: 'defined', name: service.name ?? null, settings, jobTypes, checks, error: null, advice: null }
  } catch (error) {
    const advice = error instanceof MydError ? (error.hint ?? null) : null
    return { ...UNMODIFIED, kind: 'defined', error: messageOf(error), advice }
  }
}

async function runChecks(service: Service, path: string | undefined): Promise<Record<string, string | null>> {
  const results: Record<string, string | null> = {}
  for (const [sentence, check] of Object.entries(service.checks ?? {})) {
    try {
      results[sentence] = (await check({ which: (program) => which(program, path), settings: {} }))
        ? null
        : 'it is not so'
    } catch (error) {
      results[sentence] = messageOf(error)
    }
  }
  return results
}
