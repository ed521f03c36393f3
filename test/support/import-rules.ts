/** The rules of who may import and do what: each with its reason, which is what a failure says. */
import { type Import, lineAt, type SourceFile } from './source-file.ts'

export interface Rule {
  readonly name: string
  readonly reason: string
  /** What is wrong with a file: line and what it does. */
  readonly check: (file: SourceFile) => [number, string][]
}

/** Imports go from a higher rank to the same or a lower one. */
const RANKS: Readonly<Record<string, number>> = {
  ...{ 'main.ts': 4, command: 3 },
  ...{ master: 2, worker: 2, preflight: 2, job: 2, metrics: 2, admin: 2, settings: 2, service: 2 },
  ...{ ipc: 1, log: 1, system: 1 },
}

/** Tested as tables, in milliseconds. */
export const PURE = [
  ...[
    'decide',
    'slot',
    'slot-effect',
    'backoff',
    'state',
    'crew',
    'departure',
    'reload',
    'scale',
    'stop',
    'lending',
    'pulse',
    'policy',
  ].map((name) => `master/${name}.ts`),
  ...['job/job.ts', 'job/retry.ts', 'log/wording.ts', 'log/line.ts', 'preflight/render.ts'],
  ...['table', 'row', 'parse-setting', 'nearest', 'render'].map((name) => `settings/${name}.ts`),
  ...['render-status', 'usage', 'flags'].map((name) => `command/${name}.ts`),
]

const TRAPS = /^(master\/signals|worker\/.*|service\/load-service|job\/store.*|system\/detach.*|ipc\/.*)\.ts$/
const STATEMENT = /^(import|export|const|let|var|function|async function|class|[}\])])/

const folderOf = (path: string) => (path.includes('/') ? path.slice(0, path.indexOf('/')) : path)
const rankOf = (path: string) => (path === 'main.ts' || path.includes('/') ? (RANKS[folderOf(path)] ?? -1) : 0)
export const isOurs = ({ target }: Import) => target.endsWith('.ts')
const isLoading = ({ typeOnly }: Import) => !typeOnly

/** Imports that a rule forbids. */
function forbidImports(isWrong: (file: SourceFile, one: Import) => boolean): Rule['check'] {
  return (file) =>
    file.imports.filter((one) => isWrong(file, one)).map(({ line, target }) => [line, `imports ${target}`])
}

/** Code that only some files may contain. */
function forbidCode(pattern: RegExp, allowed: RegExp): Rule['check'] {
  return ({ path, text, code }) => {
    const match = allowed.test(path) ? null : pattern.exec(code)
    return match === null ? [] : [[lineAt(text, text.search(pattern)), `says ${match[0]}`]]
  }
}

export const RULES: readonly Rule[] = [
  {
    name: 'imports go one way',
    reason: 'main → command → master, worker, preflight, job, … → ipc, log, system → leaf files',
    check: forbidImports((file, one) => isOurs(one) && isLoading(one) && rankOf(one.target) > rankOf(file.path)),
  },
  {
    name: 'every folder has its place',
    reason: 'a folder is one of the layout; common and util are places where things get lost',
    check: ({ path }) => (rankOf(path) < 0 ? [[1, `lies in ${folderOf(path)}`]] : []),
  },
  {
    name: 'master and worker do not know each other',
    reason: 'they are different processes, which share protocol.ts only',
    check: forbidImports(({ path }, { target }) => {
      const ends = [folderOf(path), folderOf(target)].sort().join(' ')
      return ends === 'master worker'
    }),
  },
  {
    name: 'the master loads no service and no store',
    reason: 'a bug in a service or the store must not be loadable in the master',
    check: forbidImports(
      ({ path }, one) => folderOf(path) === 'master' && isLoading(one) && /^(service|job)\//.test(one.target),
    ),
  },
  {
    name: 'native calls',
    reason: 'system/libc.ts is the one place to audit them',
    check: forbidImports(({ path }, { target }) => target === 'node:ffi' && path !== 'system/libc.ts'),
  },
  {
    name: 'pure files import nothing of Node',
    reason: 'they are tested as tables, in milliseconds',
    check: forbidImports(({ path }, one) => PURE.includes(path) && isLoading(one) && one.target.startsWith('node:')),
  },
  {
    name: 'only main.ts ends the process',
    reason: 'everything else stays testable',
    check: forbidCode(/\bprocess\.(exit|reallyExit|abort)\b/, /^main\.ts$/),
  },
  {
    name: 'signals are trapped where a process is made',
    reason: 'master/signals, worker, job/store, system/detach and ipc own a process; everything else stays testable',
    check: forbidCode(/\bprocess\.(on|once|addListener|prependListener)\(/, TRAPS),
  },
  {
    name: 'the environment is read in one place',
    reason: 'main.ts, settings/load.ts and system/systemd.ts pass it on; everything else stays testable',
    check: forbidCode(/\bprocess\.env\b/, /^(main|settings\/load|system\/systemd)\.ts$/),
  },
  {
    name: 'clock.ts alone reads the time',
    reason: 'a test has a clock of its own',
    check: forbidCode(
      /\bDate\.now\b|\bnew Date\(\)|\bnew Date\b(?!\()|\bperformance\.now\b|\bprocess\.(hrtime|uptime)\b/,
      /^clock\.ts$/,
    ),
  },
  {
    name: 'nothing happens at import time',
    reason: 'the order of imports must never matter; main.ts is the only one that does something',
    check: ({ path, code }) => {
      const effects =
        path === 'main.ts' ? [] : code.split('\n').filter((line) => /^\S/.test(line) && !STATEMENT.test(line))
      return effects.map((line) => [1, `does at the top level: ${line}`])
    },
  },
]

export function violations(files: readonly SourceFile[], { reason, check }: Rule): string[] {
  return files.flatMap((file) => check(file).map(([line, what]) => `src/${file.path}:${line} ${what}: ${reason}`))
}

/** What is loaded with a file, itself included: its imports, theirs, and so on. */
export function closure(path: string, files: readonly SourceFile[], loaded = new Set<string>()): Set<string> {
  if (loaded.has(path)) return loaded
  loaded.add(path)
  for (const one of files.find((file) => file.path === path)?.imports ?? []) {
    if (isLoading(one) && !one.dynamic) closure(one.target, files, loaded)
  }
  return loaded
}
