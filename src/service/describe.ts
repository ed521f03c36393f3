/**
 * The describe child: evaluates a service and runs its checks, away from everything that must live on. It ends with who
 * asked, by the parent-death signal: the service may never give the loop back, so that the channel's end is not seen.
 */
import { messageOf } from '../errors.ts'
import { type DescribeOrder, FD, type ServiceDescription } from '../protocol.ts'
import { adoptSocket, openChannel } from '../system/channel.ts'
import { setParentDeathSignal } from '../system/libc.ts'
import { which } from '../system/which.ts'
import type { Service } from './define-service.ts'
import { loadService } from './load-service.ts'

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

async function describe(file: string, path: string | undefined): Promise<ServiceDescription> {
  try {
    const service = await loadService(file)
    const checks = await runChecks(service, path)
    return { name: service.name ?? null, jobTypes: Object.keys(service.jobs ?? {}), checks, error: null }
  } catch (error) {
    return { name: null, jobTypes: [], checks: {}, error: messageOf(error) }
  }
}

async function runChecks(service: Service, path: string | undefined): Promise<Record<string, string | null>> {
  const results: Record<string, string | null> = {}
  for (const [sentence, check] of Object.entries(service.checks ?? {})) {
    try {
      results[sentence] = (await check({ which: (program) => which(program, path) })) ? null : 'it is not so'
    } catch (error) {
      results[sentence] = messageOf(error)
    }
  }
  return results
}
