/** What the service's own checks found; they ran elsewhere, as the user of the service. */
import type { PreflightContext } from './context.ts'
import type { Finding } from './finding.ts'

export function checkService({ serviceFindings }: PreflightContext): readonly Finding[] {
  return serviceFindings
}
