/** The verbs, and the file that each is in: loaded when used. */
import type { Command } from './context.ts'

export interface Verb {
  /** What stands behind it. */
  readonly usage: string
  readonly help: string
  /** null: not in this version. */
  readonly load: (() => Promise<Command>) | null
}

const later = (help: string): Verb => ({ usage: '', help, load: null })

export const VERBS: Readonly<Record<string, Verb>> = {
  start: { usage: '', help: 'the same as --daemon', load: async () => (await import('./start.ts')).runStart },
  stop: {
    usage: '',
    help: 'stop the daemon; returns when all of it is gone',
    load: async () => (await import('./stop.ts')).runStop,
  },
  restart: {
    usage: '',
    help: 'stop, then start with the same flags; new flags win',
    load: async () => (await import('./restart.ts')).runRestart,
  },
  reload: {
    usage: '',
    help: 'replace the workers one by one; waits for the outcome',
    load: async () => (await import('./reload.ts')).runReload,
  },
  status: {
    usage: '',
    help: 'what runs; exit 0 running, 1 dead, 3 not running',
    load: async () => (await import('./status.ts')).runStatus,
  },
  scale: {
    usage: '<n>',
    help: 'change the number of workers',
    load: async () => (await import('./scale.ts')).runScale,
  },
  job: {
    usage: '<add|list|show|retry|cancel|stats|wait>',
    help: 'durable jobs: help job says more',
    load: async () => (await import('./job.ts')).runJob,
  },
  verify: {
    usage: '[file]',
    help: 'check that an executable is whole',
    load: async () => (await import('./verify.ts')).runVerify,
  },
  help: {
    usage: '[verb|exit-codes]',
    help: 'this text, that of a verb, or the exit codes',
    load: async () => (await import('./help.ts')).runHelp,
  },
  dev: later('run in the foreground, restarting on changes'),
  upgrade: later('change to the binary that is now on disk'),
  logs: later('follow the log'),
  queue: later('System V message queues'),
  shm: later('System V shared memory'),
  sem: later('System V semaphores'),
  ipc: later('System V objects of this instance'),
  emit: later('files for init systems and monitoring'),
  build: later('make one executable of a service'),
}
