/** What loading the settings found, and whether others could change what root will do. */
import { statSync } from 'node:fs'
import type { PreflightContext } from './context.ts'
import { type Finding, failure, hasFailure, ok } from './finding.ts'

/** Root obeys this file, and it names commands: nobody else may write it. */
export function assessOwner(file: string, owner: number, mode: number): Finding | null {
  if (owner === 0 && (mode & 0o022) === 0) return null
  const message =
    owner === 0 ? 'others than root may write this file' : `this file belongs to uid ${owner}, not to root`
  return { ...failure('settings', message, `Run: chown root ${file} && chmod go-w ${file}`), file }
}

function checkOwner({ loaded, uid }: PreflightContext): Finding[] {
  if (uid !== 0 || loaded.configFile === null) return []
  const stat = statSync(loaded.configFile, { throwIfNoEntry: false })
  const finding = stat === undefined ? null : assessOwner(loaded.configFile, stat.uid, stat.mode)
  return finding === null ? [] : [finding]
}

export function checkSettings(context: PreflightContext): Finding[] {
  const { findings, origins, jobTypes, configFile } = context.loaded
  const problems = [...findings, ...checkOwner(context)]
  if (hasFailure(problems)) return problems
  const given = Object.values(origins).filter((origin) => origin.source !== 'default').length
  const types = Object.keys(jobTypes).length
  const summary = `${given} settings given, ${types} types of jobs, file: ${configFile ?? 'none'}`
  return [ok('settings', summary), ...problems]
}
