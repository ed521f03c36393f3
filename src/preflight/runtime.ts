/** The parts of the runtime that this program stands on: SQLite where the jobs will be, and the embedded files. */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../errors.ts'
import { listDamagedParts } from '../system/executable.ts'
import type { PreflightContext } from './context.ts'
import { isDirectoryOf } from './directories.ts'
import { type Finding, failure, ok } from './finding.ts'

/** Writes and reads a database of its own, as the store will. @param file a path, or `:memory:` */
export async function tryDatabase(file: string): Promise<void> {
  const { DatabaseSync } = await import('node:sqlite')
  const database = new DatabaseSync(file)
  try {
    const mode = database.prepare('PRAGMA journal_mode = WAL').get()?.journal_mode
    if (file !== ':memory:' && mode !== 'wal') throw new Error(`the journal mode is ${mode}, not WAL`)
    database.exec('PRAGMA synchronous = FULL; CREATE TABLE probe (value TEXT) STRICT')
    database.prepare('INSERT INTO probe VALUES (?)').run('written')
    const row = database.prepare('SELECT value FROM probe').get()
    if (row?.value !== 'written') throw new Error('what was written was not read again')
  } finally {
    database.close()
  }
}

/** A directory of its own, so that no link that somebody laid there is followed. */
async function checkDatabaseIn(stateDirectory: string): Promise<Finding> {
  let probe: string | null = null
  try {
    probe = mkdtempSync(join(stateDirectory, '.preflight-'))
    await tryDatabase(join(probe, 'probe.db'))
    return ok('sqlite', `SQLite writes and reads in ${stateDirectory}`)
  } catch (error) {
    const message = `SQLite cannot write in ${stateDirectory} (${messageOf(error)})`
    return failure('sqlite', message, 'Check owner, mode, free space and kind of the file system')
  } finally {
    if (probe !== null) rmSync(probe, { recursive: true, force: true })
  }
}

async function checkDatabase({ loaded, uid }: PreflightContext): Promise<Finding> {
  const { stateDirectory } = loaded.paths
  if (isDirectoryOf(stateDirectory, uid)) return checkDatabaseIn(stateDirectory)
  try {
    await tryDatabase(':memory:')
    return ok('sqlite', 'SQLite writes and reads (in memory; the state directory is not there yet)')
  } catch (error) {
    return failure(
      'sqlite',
      `SQLite does not work (${messageOf(error)})`,
      'Copy the program again; its file is damaged',
    )
  }
}

export function assessParts(packed: boolean, damaged: readonly string[]): Finding {
  if (!packed) return ok('assets', 'no embedded files: runs from source')
  if (damaged.length === 0) return ok('assets', 'all embedded files are there')
  return failure(
    'assets',
    `damaged inside the program: ${damaged.join(', ')}`,
    'Copy the program again, or build it again',
  )
}

export async function checkRuntime(context: PreflightContext): Promise<Finding[]> {
  return [await checkDatabase(context), assessParts(context.build.packed, listDamagedParts())]
}
