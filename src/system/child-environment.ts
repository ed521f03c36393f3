/**
 * The environment a child of ours is given: the caller's, less what would change how the runtime or the dynamic loader
 * behaves, less our own variables, less what was said to us alone (sd_listen_fds, sd_notify). What is held back can be
 * passed on by naming it (`environment.pass`). Pure.
 */

const HELD_BACK = ['NODE_', 'OPENSSL_', 'SSL_CERT_', 'LD_', 'MYD_', 'LISTEN_PID', 'LISTEN_FD', 'NOTIFY_SOCKET']
/** Of NODE_ the one that no runtime obeys: libraries do. */
const PASSED = 'NODE_ENV'

export function childEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  pass: readonly string[],
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  const result: Record<string, string> = {}
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) continue
    if (name === PASSED || pass.includes(name) || !HELD_BACK.some((prefix) => name.startsWith(prefix)))
      result[name] = value
  }
  return { ...result, ...own }
}
