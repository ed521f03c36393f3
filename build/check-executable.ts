/** Checks a finished executable from outside, as a server would meet it. Each check ends in a sentence or in null. */

import { spawnSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { errnoOf } from '../src/errors.ts'
import { verifyTrailer } from '../src/system/trailer.ts'
import { EM_X86_64, listNeededLibraries, readElf } from './elf.ts'
import { isFuseBlown } from './inject.ts'
import { formatSum } from './publish.ts'
import { LIBATOMIC } from './remove-libatomic.ts'

export interface CheckResult {
  readonly check: string
  /** null: as it should be. */
  readonly problem: string | null
}

/** What a server has: the C library and the C++ runtime. */
const LIBRARIES =
  /^(libdl\.so\.2|libm\.so\.6|libstdc\+\+\.so\.6|libgcc_s\.so\.1|libpthread\.so\.0|libc\.so\.6|ld-linux-.*)$/
const RUN_TIMEOUT_MS = 30_000

/**
 * A file that its trailer does not fit is not run, nor looked at further.
 * @param buildId what it must say of itself; null when any build id will do
 */
export async function checkExecutable(path: string, buildId: string | null): Promise<CheckResult[]> {
  const verdict = await verifyTrailer(path)
  if (!verdict.ok) return [{ check: 'trailer', problem: verdict.message }]
  const bytes = readFileSync(path)
  return [
    { check: 'trailer', problem: null },
    { check: 'fuse', problem: isFuseBlown(bytes) ? null : 'Node would not look for the blob' },
    { check: 'libraries', problem: checkLibraries(bytes) },
    { check: 'run', problem: runInEmptyDirectory(resolve(path), buildId) },
  ]
}

/** Whether FILE.sha256 is of this file. */
export function checkSum(path: string): CheckResult {
  try {
    const isSame = readFileSync(`${path}.sha256`, 'latin1') === formatSum(hash('sha256', readFileSync(path)), path)
    return { check: 'sha256', problem: isSame ? null : `${path}.sha256 is of another file` }
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error // there is no digest: said
    return { check: 'sha256', problem: `there is no ${path}.sha256` }
  }
}

function checkLibraries(bytes: Buffer): string | null {
  const elf = readElf(bytes)
  const foreign = listNeededLibraries(elf).filter((library) => !LIBRARIES.test(library))
  const unexpected = elf.machine === EM_X86_64 ? foreign : foreign.filter((library) => library !== LIBATOMIC)
  return unexpected.length === 0 ? null : `it needs ${unexpected.join(', ')}, which a server may not have`
}

/** Runs `--version` with nothing around it: no file, no variable. It must say its build id, and nothing else. */
function runInEmptyDirectory(path: string, buildId: string | null): string | null {
  const directory = mkdtempSync(join(tmpdir(), 'myd-verify-'))
  try {
    const options = { cwd: directory, env: {}, encoding: 'utf8', timeout: RUN_TIMEOUT_MS } as const
    const result = spawnSync(path, ['--version'], options)
    if (result.error !== undefined) return `it does not start: ${result.error.message}`
    if (result.stderr !== '') return `it complains: ${result.stderr.trim()}`
    if (result.status !== 0) return `--version ended with ${result.signal ?? `exit ${result.status}`}`
    const said = / build ([0-9a-f]{16}) /.exec(result.stdout)?.[1]
    if (said === undefined) return `--version tells no build id: ${result.stdout.trim()}`
    if (buildId !== null && said !== buildId) return `--version tells build ${said}, this is ${buildId}`
    const left = readdirSync(directory)
    return left.length === 0 ? null : `it left ${left.join(', ')} in the directory it was run in`
  } finally {
    rmSync(directory, { recursive: true })
  }
}
