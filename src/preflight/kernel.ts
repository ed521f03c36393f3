/** The kernel: close_range came last (5.9) of what is called; pidfd in 5.3. System call numbers are those of 64 bit. */
import { release } from 'node:os'
import { type Finding, failure, ok } from './finding.ts'

const NEEDED = [5, 9] as const
const ARCHITECTURES = ['x64', 'arm64']

/** @param kernelRelease as uname tells it: `6.1.0-18-amd64` */
export function assessKernel(kernelRelease: string): Finding {
  const [major = 0, minor = 0] = kernelRelease.split('.').map((part) => Number.parseInt(part, 10) || 0)
  const isEnough = major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])
  if (isEnough) return ok('kernel', `Linux ${kernelRelease}`)
  const message = `Linux ${kernelRelease} is too old, ${NEEDED.join('.')} or newer is needed`
  return failure('kernel', message, 'Run it on a newer kernel')
}

/** @param target of the build, `linux-x64` */
export function assessArchitecture(platform: string, architecture: string, target: string): Finding {
  const host = `${platform}-${architecture}`
  if (platform !== 'linux' || !ARCHITECTURES.includes(architecture)) {
    return failure('architecture', `${host} is not supported`, 'Run it on Linux, on a 64-bit x86 or ARM processor')
  }
  if (host === target) return ok('architecture', host)
  return failure('architecture', `built for ${target}, and this is ${host}`, `Take the build for ${host}`)
}

export function checkKernel({ build }: { readonly build: { readonly target: string } }): Finding[] {
  return [assessKernel(release()), assessArchitecture(process.platform, process.arch, build.target)]
}
