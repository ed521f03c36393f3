/** The job store without a daemon: this process takes the lock and opens the database, as the uid that owns it. */
import { closeSync, statSync } from 'node:fs'
import { wallMs } from '../clock.ts'
import { MydError } from '../errors.ts'
import type { InstancePaths } from '../protocol.ts'
import type { ClientOperation, JobClient } from './client.ts'
import { toMydError } from './client-error.ts'
import type { JobConfig } from './job-config.ts'
import { isHeld, tryJobsLock } from './jobs-lock.ts'
import { STRANGER } from './operation.ts'
import { openStore, type Store } from './store.ts'
import type { Answers } from './wire.ts'

/** @returns null when another process holds the database. @throws MydError NOT_RUNNING, PERMISSION, CHECK_FAILED */
export function openDatabaseClient(paths: InstancePaths, config: JobConfig): JobClient | null {
  becomeOwner(paths.stateDirectory)
  const lockFd = tryJobsLock(paths.jobsLock)
  if (lockFd === null) return null
  try {
    const store = openStore(paths.jobsDatabase, config)
    return {
      hasDaemon: false,
      call: async (operation) => call(store, operation),
      async close() {
        store.close()
        closeSync(lockFd)
      },
    }
  } catch (error) {
    closeSync(lockFd)
    throw error
  }
}

export function isInUse(paths: InstancePaths): MydError {
  return isHeld(paths.jobsLock)
}

/** Root obeys nothing that lies in a directory of another user: it becomes that user first. */
function becomeOwner(stateDirectory: string): void {
  const stat = statSync(stateDirectory, { throwIfNoEntry: false })
  if (stat === undefined) {
    throw new MydError('NOT_RUNNING', `no instance was ever started here: there is no ${stateDirectory}`, {
      path: stateDirectory,
      hint: 'Start it first (--daemon), or name it as it was started (--home, --name, --config).',
    })
  }
  const uid = process.geteuid?.()
  if (stat.uid === uid) return
  if (uid !== 0) {
    throw new MydError('PERMISSION', `${stateDirectory} belongs to another user (uid ${stat.uid})`, {
      path: stateDirectory,
      hint: 'Run this as that user, or as root.',
    })
  }
  process.setgroups?.([stat.gid])
  process.setgid?.(stat.gid)
  process.setuid?.(stat.uid)
}

function call<O extends ClientOperation>(store: Store, operation: O): Answers[O['op']] {
  const { outcomes } = store.transact([{ operation, asker: STRANGER }], () => [], wallMs())
  const outcome = outcomes[0]
  if (outcome?.kind === 'answer') return outcome.body as Answers[O['op']]
  if (outcome?.kind === 'error') throw toMydError(outcome.error)
  throw new MydError('NOT_RUNNING', 'no daemon runs these jobs: they would be waited for without end', {
    hint: 'Start it with --daemon.',
  })
}
