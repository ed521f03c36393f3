/**
 * Whether a service file uses `myd`, by itself or by a file that it loads, without running any of them. One that does
 * not is a server that knows nothing of us. What packages load is their own affair.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { findImports } from './find-imports.ts'

/** What our copy of the package is called in a service. */
export const OWN_NAME = 'myd'

const SOURCE = /\.[cm]?[jt]s$/

/** @param path absolute; whatever cannot be read or found is for the loading to tell */
export function importsOwn(path: string): boolean {
  return sourcesOf(path).some(({ imports }) => imports.includes(OWN_NAME))
}

export interface Source {
  readonly path: string
  readonly text: string
  /** As they are written. */
  readonly imports: readonly string[]
}

/** The file and the files of its own that it loads, in the order in which they are found. */
export function sourcesOf(path: string): Source[] {
  const found: Source[] = []
  const paths = new Set([path])
  for (const file of paths) {
    const text = readSource(file)
    const imports = findImports(text)
    found.push({ path: file, text, imports })
    for (const specifier of imports) {
      const next = resolveLocal(specifier, file)
      if (next !== null && SOURCE.test(next)) paths.add(next)
    }
  }
  return found
}

function readSource(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // a directory, a file that is gone or closed to us: loading it says so
  }
}

/** @returns null for a package, and for what is not there */
function resolveLocal(specifier: string, from: string): string | null {
  if (!/^(\.|\/|#|file:)/.test(specifier)) return null
  try {
    const wanted = specifier.startsWith('file:') ? fileURLToPath(specifier) : specifier
    return createRequire(from).resolve(wanted.replace(/(?<=.)[?].*$/, ''))
  } catch {
    return null // not found, or no path: loading it says so
  }
}
