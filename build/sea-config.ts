/**
 * The configuration of Node's single-executable blob, and its check: Node ignores keys that it does not know and keys
 * that do not go together, and an absolute path would end up in the blob.
 */

/** Options of the runtime that are in force in every process of the executable; none of them invalidates the code cache. */
export const EXEC_ARGV: readonly string[] = [
  '--disable-warning=ExperimentalWarning',
  '--openssl-config=/dev/null', // OPENSSL_CONF could load a provider, that is: foreign code
  '--max-semi-space-size=4', // with 1, a connection costs 15 % more CPU; with the default of 16, 24 MB more per process under load
  '--v8-pool-size=1', // 3 threads less per process
  '--inspect-port=127.0.0.1:0', // for the stack of a hung worker: any free port, its address only on standard error
  '--inspect-publish-uid=stderr',
  '--', // Node reads argv[0] once more behind these: without an end of options it could be a --require
]

/** @param main file name of the script @param assets names of the asset files; all relative to the configuration */
export function makeSeaConfig(main: string, output: string, assets: readonly string[]): Record<string, unknown> {
  return {
    main,
    mainFormat: 'commonjs',
    output,
    disableExperimentalSEAWarning: true,
    useSnapshot: false,
    useCodeCache: true,
    execArgv: EXEC_ARGV,
    execArgvExtension: 'none',
    assets: Object.fromEntries(assets.map((name) => [name, name])),
  }
}

const isString = (value: unknown): boolean => typeof value === 'string' && value !== ''
const isBoolean = (value: unknown): boolean => typeof value === 'boolean'
const isOneOf =
  (...words: string[]) =>
  (value: unknown): boolean =>
    words.includes(String(value))
const isStrings = (value: unknown): boolean => Array.isArray(value) && value.every(isString)
const isMap = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.values(value).every(isString)

/** The keys that Node 26.10 reads. `executable` belongs to another way of building, which is not ours. */
const KEYS: Readonly<Record<string, (value: unknown) => boolean>> = {
  main: isString,
  mainFormat: isOneOf('commonjs', 'module'),
  output: isString,
  disableExperimentalSEAWarning: isBoolean,
  useSnapshot: isBoolean,
  useCodeCache: isBoolean,
  useVfs: isBoolean,
  execArgv: isStrings,
  execArgvExtension: isOneOf('none', 'env', 'cli'),
  assets: isMap,
}

/** Pairs that exclude each other when both are set. */
const EXCLUSIVE: readonly (readonly [string, string])[] = [
  ['useSnapshot', 'useCodeCache'],
  ['useSnapshot', 'useVfs'],
  ['useCodeCache', 'useVfs'],
]

/** @returns what is wrong, a sentence each; empty when nothing is */
export function lintSeaConfig(config: Readonly<Record<string, unknown>>): string[] {
  const problems: string[] = []
  for (const [key, value] of Object.entries(config)) {
    if (KEYS[key] === undefined) problems.push(`${key} is not a key that Node reads`)
    else if (!KEYS[key](value)) problems.push(`${key} cannot be ${JSON.stringify(value)}`)
  }
  for (const [one, other] of EXCLUSIVE) {
    if (config[one] === true && config[other] === true) problems.push(`${one} and ${other} exclude each other`)
  }
  if (config.useSnapshot === true && config.mainFormat === 'module') {
    problems.push('a snapshot cannot be made of a module')
  }
  const missing = ['main', 'output'].filter((key) => config[key] === undefined)
  return [...problems, ...missing.map((key) => `${key} is missing`), ...lintPaths(config)]
}

function lintPaths(config: Readonly<Record<string, unknown>>): string[] {
  const paths = [config.main, config.output, ...Object.values(config.assets ?? {})]
  return paths
    .filter((path) => typeof path === 'string' && (path.startsWith('/') || path.split('/').includes('..')))
    .map((path) => `${path} is not a path inside the working directory`)
}
