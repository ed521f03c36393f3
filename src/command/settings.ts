/** `--settings`: every setting, its value, where that comes from and what it means. */
import { hasFailure } from '../preflight/finding.ts'
import { renderFindings } from '../preflight/render.ts'
import { loadSettings } from '../settings/load.ts'
import { renderSettings, settingsToJson } from '../settings/render.ts'
import type { Command } from './context.ts'

export const runSettings: Command = async (context) => {
  const loaded = await loadSettings(context.launch, context.environment)
  context.stdout(context.json ? `${JSON.stringify(settingsToJson(loaded))}\n` : renderSettings(loaded, context))
  if (!context.json && loaded.findings.length > 0) context.stderr(renderFindings(loaded.findings, context))
  if (!hasFailure(loaded.findings)) return 0
  return loaded.findings.some((finding) => finding.check === 'flag' && finding.level === 'failure') ? 64 : 78
}
