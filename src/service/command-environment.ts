/** The environment of job commands: clean, so that what the daemon was started with does not leak into its jobs. Pure. */
import { INSTANCE_VARIABLE, WORKER_VARIABLE, type WorkerId } from '../protocol.ts'

const PASSED: readonly string[] = ['PATH', 'HOME', 'LANG', 'TZ', 'USER', 'LOGNAME', 'SHELL', 'TMPDIR']

/** Where programs are when the environment does not say: what getconf PATH answers, and where administrators put theirs. */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * @param environment of this process
 * @param instance value of MYD_INSTANCE: by it and MYD_WORKER what a worker leaves behind is recognised
 */
export function commandEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  instance: string,
  worker: WorkerId,
): Record<string, string> {
  const passed: Record<string, string> = { PATH: DEFAULT_PATH }
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && (PASSED.includes(name) || name.startsWith('LC_'))) passed[name] = value
  }
  return { ...passed, [INSTANCE_VARIABLE]: instance, [WORKER_VARIABLE]: worker }
}
