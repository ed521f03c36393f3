/**
 * Variables by which a caller could change what the program does. The packed program ignores them and does not pass
 * them on; one that runs as root refuses them, because nothing good can be meant.
 */
import type { PreflightContext } from './context.ts'
import { type Finding, failure, ok, warning } from './finding.ts'

/** Those of NODE_ that Node obeys; npm and test runners set others (NODE, NODE_TEST_CONTEXT), which do nothing. */
const NODE_VARIABLES: ReadonlySet<string> = new Set([
  'NODE_COMPILE_CACHE',
  'NODE_COMPILE_CACHE_PORTABLE',
  'NODE_DEBUG',
  'NODE_DEBUG_NATIVE',
  'NODE_EXTRA_CA_CERTS',
  'NODE_ICU_DATA',
  'NODE_OPTIONS',
  'NODE_PATH',
  'NODE_PENDING_DEPRECATION',
  'NODE_PENDING_PIPE_INSTANCES',
  'NODE_PRESERVE_SYMLINKS',
  'NODE_PRESERVE_SYMLINKS_MAIN',
  'NODE_REDIRECT_WARNINGS',
  'NODE_REPL_EXTERNAL_MODULE',
  'NODE_SKIP_PLATFORM_CHECK',
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'NODE_USE_ENV_PROXY',
  'NODE_USE_SYSTEM_CA',
  'NODE_V8_COVERAGE',
])
const PREFIXES = ['OPENSSL_', 'SSL_CERT_', 'LD_']

/** Names of the variables that are set and would matter, sorted. */
export function findDangerous(environment: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(environment)
    .filter((name) => environment[name] !== undefined)
    .filter((name) => NODE_VARIABLES.has(name) || PREFIXES.some((prefix) => name.startsWith(prefix)))
    .sort()
}

/** @param passed names that `environment.pass` wants to be passed on; @param packed whether they are ignored */
export function assessEnvironment(
  dangerous: readonly string[],
  passed: readonly string[],
  uid: number,
  packed: boolean,
): Finding {
  const names = dangerous.join(', ')
  const unset = `Unset: ${names}`
  if (dangerous.length > 0 && uid === 0) {
    return failure('environment', `${names} set, and root obeys no such variable`, unset)
  }
  const unexpected = dangerous.filter((name) => !passed.includes(name))
  if (unexpected.length === 0) return ok('environment', 'no variable changes what the program does')
  const list = unexpected.join(', ')
  const effect = packed ? 'ignored and not passed on' : 'not passed on'
  return warning('environment', `${list} set, but ${effect}`, `${unset}, or name it in environment.pass`)
}

export function checkEnvironment({ environment, loaded, uid, build }: PreflightContext): Finding[] {
  const passed = loaded.settings['environment.pass']
  return [assessEnvironment(findDangerous(environment), passed, uid, build.packed)]
}
