/** Settings for a reload: read again from where they came, and the service looked at anew; what is wrong rejects it. */
import type { Reloaded } from '../master/perform.ts'
import type { Finding } from '../preflight/finding.ts'
import { placeOf } from '../preflight/render.ts'
import type { LaunchRecord } from '../protocol.ts'
import { loadSettings, readEnvironment } from '../settings/load.ts'
import { nameService, serviceFindings } from './describe-service.ts'

const EXIT_SETTINGS = 78

export async function reloadSettings(launch: LaunchRecord, program: string): Promise<Reloaded> {
  const environment = readEnvironment()
  const loaded = await loadSettings(launch, environment)
  const { description } = await nameService(launch, { environment, program })
  const findings: Finding[] = [...loaded.findings, ...serviceFindings(description)]
  const failures = findings.filter((finding) => finding.level === 'failure')
  if (failures.length === 0) return { loaded }
  const reasons = failures.map((finding) => `${placeOf(finding)}${finding.message}`)
  return { rejected: reasons.join('; '), exit: EXIT_SETTINGS }
}
