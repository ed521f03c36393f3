/** `--check`: will it run here? Every finding, exit 0 or 1. Changes nothing. */
import { hasFailure } from '../preflight/finding.ts'
import { runPreflight } from '../preflight/preflight.ts'
import { findingsToJson, renderFindings } from '../preflight/render.ts'
import { loadSettings } from '../settings/load.ts'
import { inspectInstance } from '../system/inspect-instance.ts'
import { verifyTrailer } from '../system/trailer.ts'
import type { Command } from './context.ts'
import { serviceFindings } from './describe-service.ts'

export const runCheck: Command = async (context) => {
  const { launch, environment, build, program } = context
  const loaded = await loadSettings(launch, environment)
  const findings = await runPreflight({
    ...{ loaded, launch, environment, build },
    executablePath: program,
    instance: inspectInstance(loaded.paths),
    uid: process.getuid?.() ?? 0,
    verifyFile: async () => {
      const verdict = await verifyTrailer('/proc/self/exe')
      return verdict.ok ? { ok: true } : { ok: false, problem: verdict.message }
    },
    serviceFindings: serviceFindings(context.described, loaded),
  })
  context.stdout(context.json ? `${JSON.stringify(findingsToJson(findings))}\n` : renderFindings(findings, context))
  if (loaded.findings.some((finding) => finding.check === 'flag' && finding.level === 'failure')) return 64
  return hasFailure(findings) ? 1 : 0
}
