/** Every flag of the command line, and where it may stand. The values of settings are typed by the settings table. Pure. */

export interface Flag {
  /** Shown in the usage behind `=`; null for a flag without value. */
  readonly value: string | null
  /** The setting it gives, if any. */
  readonly setting?: string
  readonly repeatable?: boolean
  readonly help: string
  /** Verbs it belongs to; none: it may stand everywhere. */
  readonly verbs?: readonly string[]
}

export const FLAGS: Readonly<Record<string, Flag>> = {
  daemon: { value: null, help: 'run as daemon: master and workers, detached; returns when they are ready' },
  master: { value: null, help: 'run master and workers in the foreground' },
  nofork: { value: null, help: 'run everything in one process, in the foreground or with --daemon detached' },
  proc: { value: 'auto', setting: 'proc', help: 'number of workers, 1 to 1024' },
  debug: { value: null, help: 'log everything, with stack traces' },
  settings: { value: null, help: 'print every setting, where it comes from and what it means' },
  check: { value: null, help: 'say whether it will run here: every problem at once' },
  config: { value: 'file', help: 'settings file to read' },
  set: { value: 'name=value', repeatable: true, help: 'give a setting, as often as needed' },
  name: { value: 'name', setting: 'name', help: 'name of the instance' },
  home: { value: 'directory', setting: 'home', help: 'keep pidfile, sockets, log and state under one directory' },
  'env-file': { value: 'file', help: 'read environment variables of workers from a file, read again at each reload' },
  json: { value: null, help: 'print JSON instead of text' },
  quiet: { value: null, help: 'say nothing when the wanted state is already there' },
  'ready-fd': { value: 'fd', help: 'write a line to this descriptor when ready (not in this version yet)' },
  version: { value: null, help: 'print version, build and target' },
  help: { value: null, help: 'print this text, or that of a verb' },
  type: { value: 'type', verbs: ['job'], help: 'type of the job' },
  delay: { value: 'duration', verbs: ['job'], help: 'run it not before this time, 5s or 1h' },
  priority: { value: 'number', verbs: ['job'], help: 'higher ones run first, -1000 to 1000' },
  key: { value: 'key', verbs: ['job'], help: 'one unfinished job per key' },
  attempts: { value: 'number', verbs: ['job'], help: 'how often it is tried' },
  timeout: { value: 'duration', verbs: ['job'], help: 'how long one run may take' },
  wait: { value: null, verbs: ['job'], help: 'wait for the outcome and end with its exit code' },
  'from-file': { value: 'file', verbs: ['job'], help: 'add many: one JSON object per line' },
  state: { value: 'state', verbs: ['job'], help: 'only jobs in this state' },
  limit: { value: 'number', verbs: ['job'], help: 'how many to list' },
  all: { value: null, verbs: ['job'], help: 'wait for every job' },
  'all-buried': { value: null, verbs: ['job'], help: 'retry every buried job' },
}
