/** glibc and libstdc++ against what the runtime was linked with. Where they are far too old nothing starts at all. */
import { readFileSync } from 'node:fs'
import { LIBC_SYMBOLS, libcVersion, missingSymbols } from '../system/libc.ts'
import { type Finding, failure, ok } from './finding.ts'

const GLIBC_NEEDED = '2.28'
/** GLIBCXX_3.4.21 is libstdc++.so.6.0.21. */
const LIBSTDCXX_NEEDED = 21

/** @param version `2.36` */
export function assessGlibc(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 2 || (major === 2 && minor >= 28)) return ok('glibc', `glibc ${version}`)
  const message = `glibc ${version} is too old, ${GLIBC_NEEDED} or newer is needed`
  return failure('glibc', message, 'Run it on a newer distribution (Debian 10, RHEL 8, Ubuntu 20.04 or later)')
}

/** @param maps of /proc/self/maps: which library this very process has loaded */
export function assessLibstdcxx(maps: string): Finding {
  const match = /libstdc\+\+\.so\.6\.0\.(\d+)/.exec(maps)
  if (match === null)
    return ok('libstdc++', maps.includes('libstdc++') ? 'libstdc++ is loaded' : 'libstdc++ is built in')
  if (Number(match[1]) >= LIBSTDCXX_NEEDED) return ok('libstdc++', match[0])
  const message = `${match[0]} is too old, libstdc++.so.6.0.${LIBSTDCXX_NEEDED} or newer is needed`
  return failure('libstdc++', message, 'Install a newer libstdc++6')
}

/** @param missing names of functions of libc that are not there */
export function assessSymbols(missing: readonly string[], total: number): Finding {
  if (missing.length === 0) return ok('ffi', `all ${total} functions of the C library are there`)
  return failure('ffi', `the C library lacks ${missing.join(', ')}`, 'Run it on a distribution with glibc, not musl')
}

export function checkCLibrary(): Finding[] {
  return [
    assessGlibc(libcVersion()),
    assessLibstdcxx(readFileSync('/proc/self/maps', 'utf8')),
    assessSymbols(missingSymbols(), LIBC_SYMBOLS.length),
  ]
}
