/** Which service a worker runs: the file it was given, or the built-in one; every one runs commands and configured jobs. */
import type { JobType, WorkerId } from '../protocol.ts'
import { builtInJobs, findSetpriv } from '../service/built-in.ts'
import { commandEnvironment } from '../service/command-environment.ts'
import type { JobHandler } from '../service/job-handler.ts'
import { type LoadedService, loadService } from '../service/load-service.ts'
import type { Settings } from '../settings/table.ts'

export interface ServiceOrigin {
  /** Absolute; null for the built-in service. */
  readonly service: string | null
  readonly settings: Settings
  /** The service's own. */
  readonly serviceSettings: Readonly<Record<string, unknown>>
  readonly jobTypes: Readonly<Record<string, JobType>>
  readonly instance: string
  readonly worker: WorkerId
}

/** @returns null for the built-in service @throws MydError when the service file cannot be loaded */
export async function resolveService({ service }: ServiceOrigin): Promise<LoadedService | null> {
  return service === null ? null : await loadService(service)
}

/** The jobs that every worker runs beside the service's own. */
export function resolveJobs(
  { settings, jobTypes, instance, worker }: ServiceOrigin,
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, JobHandler> {
  const given = commandEnvironment(environment, instance, worker)
  return builtInJobs(jobTypes, {
    environment: given,
    setpriv: findSetpriv(given.PATH ?? ''),
    killDelayMs: settings['jobs.killDelay'],
    outputLimitBytes: settings['jobs.outputLimit'],
  })
}
