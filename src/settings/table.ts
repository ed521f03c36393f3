/**
 * The only place that knows a setting: name, type, unit, default, flag, bounds and help text. The environment
 * variable follows from the name (`jobs.retryDelay` is MYD_JOBS_RETRY_DELAY). Files, variables, flags, `--settings`
 * and the table of the README are all read from here. Pure.
 */
import { LOG_LEVELS, type LogLevel } from '../protocol.ts'
import {
  boolean,
  duration,
  integer,
  list,
  NAME_PATTERN,
  octal,
  oneOf,
  path,
  type Row,
  size,
  text,
  type ValueOf,
} from './row.ts'

const KIB = 1024
const computed = true

export const BALANCES = ['kernel', 'shared', 'round-robin'] as const
export type Balance = (typeof BALANCES)[number]
export const READY_WHEN = ['listening', 'loaded'] as const

export const SETTINGS = {
  name: text('base name of the service file, else myd', 'Name of the instance, part of the names of its files', {
    flag: 'name',
    pattern: NAME_PATTERN,
    computed,
  }),
  proc: integer('auto', 'Number of workers; auto is one for each CPU this process may use', {
    flag: 'proc',
    min: 1,
    max: 1024,
    auto: true,
  }),
  user: text(null, 'User that workers and jobs run as (not in this version yet)'),
  group: text(null, 'Group that workers and jobs run as (not in this version yet)'),
  home: path(null, 'One directory for settings, run files, log and state', { flag: 'home' }),
  runDirectory: path('/run/NAME, or by home or user', 'Where pidfile and sockets lie', { computed }),
  logDirectory: path('/var/log/NAME, or by home or user', 'Where the log lies', { computed }),
  stateDirectory: path('/var/lib/NAME, or by home or user', 'Where the jobs are kept', { computed }),
  umask: octal('0027', 'Permissions that new files do not get'),
  'log.level': oneOf(LOG_LEVELS)('info', 'The least important events that are logged'),

  startTimeout: duration('90s', 'How long a start may take until the first workers are ready', { min: 1000 }),
  bootTimeout: duration('60s', 'How long a worker may take until it is ready; then it is killed', { min: 100 }),
  stopTimeout: duration('30s', 'How long a worker may take to finish its work; then it is killed'),
  stableTime: duration('1s', 'How long a new worker must be ready before a reload goes on'),
  restartDelay: duration('1s', 'Delay before a dead worker is started again; doubles with each death', { min: 10 }),
  restartDelayMax: duration('60s', 'The longest delay before a dead worker is started again', { min: 10 }),
  restartLimit: integer('5', 'Deaths within restartWindow after which a slot counts as failed', { min: 1, max: 1000 }),
  restartWindow: duration('60s', 'The time in which deaths are counted', { min: 1000 }),
  failedRetry: duration('5m', 'How long until a failed slot is tried again', { min: 1000 }),
  uptimeReset: duration('30s', 'A worker that was up longer than this is started again at once'),
  directory: path('/, or with a service file where the command was typed', 'Working directory of workers', {
    computed,
  }),
  ready: oneOf(READY_WHEN)('listening', 'When a worker with an unmodified server is ready: it listens, or is loaded'),
  drainIdleTime: duration('1s', 'How long a worker that ends keeps a connection on which nothing happens'),

  listen: list(
    '',
    'What http and connection of a service listen on: port, host:port, [ipv6]:port, /path, systemd:NAME',
  ),
  balance: oneOf(BALANCES)(
    'kernel',
    'Who spreads connections: the kernel over a socket for each worker, one shared socket, or the master in turn',
  ),
  'socket.backlog': integer('511', 'Connections that may wait in the queue of a listening socket', {
    min: 1,
    max: 65535,
  }),
  'socket.ipv6Only': boolean('false', 'Whether [::] leaves IPv4 out'),
  'socket.mode': octal('0660', 'Permissions of a unix socket that is listened on'),
  'socket.owner': text(null, 'Owner of a unix socket that is listened on: user, user:group or :group'),

  'http.headerLimit': size('16KiB', 'The largest header of a request', { min: KIB, max: 1024 * KIB }),
  'http.headerTimeout': duration('30s', 'How long a client may take to send the header of a request; 0s is no limit'),
  'http.bodyLimit': size('1MiB', 'The largest body of a request; 0 is no limit'),
  'http.requestTimeout': duration('5m', 'How long a client may take to send a whole request; 0s is no limit'),
  'http.keepAliveTimeout': duration('5s', 'How long a connection is kept open between two requests'),

  'environment.pass': list('', 'Variables passed to workers although they are held back otherwise'),

  'jobs.attempts': integer('3', 'How often a job is tried before it is buried', { min: 1, max: 1000 }),
  'jobs.retryDelay': duration('1s', 'Delay before the second attempt; doubles with each further one'),
  'jobs.retryDelayMax': duration('5m', 'The longest delay between two attempts'),
  'jobs.timeout': duration('0s', 'How long a run may take; 0s is no limit'),
  'jobs.killDelay': duration('5s', 'Time between TERM and KILL of the processes of a command'),
  'jobs.outputLimit': size('16KiB', 'How much of the end of its output is kept with a job', { max: 256 * KIB }),
  'jobs.payloadLimit': size('256KiB', 'The largest payload that a job may have', { max: 512 * KIB }),
  'jobs.prefetch': integer('64', 'How many jobs a worker may have in hand', { min: 1, max: 1024 }),
} as const satisfies Record<string, Row>

export type SettingName = keyof typeof SETTINGS

/** Effective values by name. Durations are in milliseconds, sizes in bytes; directories are absolute. */
export type Settings = {
  readonly [Name in SettingName]: Name extends keyof Words ? Words[Name] : ValueOf<(typeof SETTINGS)[Name]>
}

/** Settings whose value is one of a few words. */
interface Words {
  readonly 'log.level': LogLevel
  readonly balance: Balance
  readonly ready: (typeof READY_WHEN)[number]
}

export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[]

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name)
}

export function rowOf(name: SettingName): Row {
  return SETTINGS[name]
}

/** `jobs.retryDelay` → `MYD_JOBS_RETRY_DELAY`. */
export function variableOf(name: string): string {
  return `MYD_${name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('.', '_')
    .toUpperCase()}`
}

const NAME_BY_VARIABLE: ReadonlyMap<string, SettingName> = new Map(
  SETTING_NAMES.map((name) => [variableOf(name), name]),
)

/** The setting that an environment variable gives, or null. */
export function settingOfVariable(variable: string): SettingName | null {
  return NAME_BY_VARIABLE.get(variable) ?? null
}

/** The section of the settings that a service declares itself; see service-settings.ts. */
export const SERVICE_SECTION = 'service'

export function isServiceSetting(name: string): boolean {
  return name.startsWith(`${SERVICE_SECTION}.`)
}

export function isServiceVariable(variable: string): boolean {
  return variable.startsWith(variableOf(`${SERVICE_SECTION}.`))
}

/** What a person types to set it: `--proc`, `--set jobs.attempts`. */
export function flagOf(name: SettingName): string {
  const { flag } = rowOf(name)
  return flag === undefined ? `--set ${name}` : `--${flag}`
}

/** Keys of a `[jobs.TYPE]` table; what is not given follows the setting of the same name. */
export const JOB_TYPE_ROWS = {
  command: list('', 'The program and its arguments'),
  attempts: SETTINGS['jobs.attempts'],
  timeout: SETTINGS['jobs.timeout'],
  retryDelay: SETTINGS['jobs.retryDelay'],
  priority: integer('0', 'Jobs with a higher priority are run first', { min: -1000, max: 1000 }),
} as const satisfies Record<string, Row>

/** Types that are built in and cannot be configured. */
export const BUILT_IN_JOB_TYPES: readonly string[] = ['command', 'noop']
