/** Which service a worker runs: the file it was given, or the built-in one; both run commands and configured jobs. */
import type { JobType, WorkerId } from '../protocol.ts'
import { builtInJobs, findSetpriv } from '../service/built-in.ts'
import { commandEnvironment } from '../service/command-environment.ts'
import type { ServiceDefinition } from '../service/define-service.ts'
import { loadService } from '../service/load-service.ts'
import type { Settings } from '../settings/table.ts'

export interface ServiceOrigin {
  /** Absolute; null for the built-in service. */
  readonly service: string | null
  readonly settings: Settings
  readonly jobTypes: Readonly<Record<string, JobType>>
  readonly instance: string
  readonly worker: WorkerId
}

/** @throws MydError when the service file cannot be loaded */
export async function resolveService(
  origin: ServiceOrigin,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ServiceDefinition> {
  const own: ServiceDefinition = origin.service === null ? {} : await loadService(origin.service)
  const given = commandEnvironment(environment, origin.instance, origin.worker)
  const builtIn = builtInJobs(origin.jobTypes, {
    environment: given,
    setpriv: findSetpriv(given.PATH ?? ''),
    killDelayMs: origin.settings['jobs.killDelay'],
    outputLimitBytes: origin.settings['jobs.outputLimit'],
  })
  return { ...own, jobs: { ...builtIn, ...own.jobs } }
}
