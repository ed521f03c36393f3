/** Who runs under this name already. */
import { assertNever } from '../errors.ts'
import type { InstanceState } from '../system/inspect-instance.ts'
import type { PreflightContext } from './context.ts'
import { type Finding, failure, ok, warning } from './finding.ts'

function withPid(pid: number | null): string {
  return pid === null ? '' : ` (pid ${pid})`
}

export function assessInstance(name: string, instance: InstanceState, pidfile: string): Finding {
  switch (instance.kind) {
    case 'free':
      return ok('instance', `no ${name} is running`)
    case 'running':
      return ok('instance', `${name} is running${withPid(instance.pid)}`)
    case 'starting':
      return warning(
        'instance',
        `another start of ${name} is under way${withPid(instance.pid)}`,
        'Wait for its outcome',
      )
    case 'stopping':
      return warning('instance', `${name} is stopping${withPid(instance.pid)}`, 'Wait until it is gone')
    case 'stale':
      return ok(
        'instance',
        `${pidfile} was left behind by a ${name} that is gone${withPid(instance.pid)}; a start replaces it`,
      )
    case 'foreign':
      return failure(
        'instance',
        instance.reason,
        'Choose another name (--name) or directory (--home), or remove the file',
      )
    default:
      return assertNever(instance)
  }
}

export function checkInstance({ loaded, instance }: PreflightContext): Finding[] {
  return [assessInstance(loaded.settings.name, instance, loaded.paths.pidfile)]
}
