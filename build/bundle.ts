/**
 * The bundle: src/main.ts and all that it reaches, as one CommonJS file. Identifiers stay as they are (renaming them
 * makes the start slower and stack traces useless); the source map stays outside. Modules that are loaded by
 * `import()` are inside too and are evaluated when asked for.
 */

import { isBuiltin } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { type BuildOptions, build, type Metafile } from 'esbuild'
import { MydError, messageOf } from '../src/errors.ts'
import { listRuntimePackages } from './packages.ts'
import { formatMegabytes, type StepResult } from './step.ts'

export interface Bundle extends StepResult {
  readonly code: Buffer
  readonly sourceMap: Buffer
}

/** @param entry absolute path @throws MydError CHECK_FAILED for any warning, and when something foreign got in */
export async function bundleSource(root: string, entry: string): Promise<Bundle> {
  const result = await build(bundleOptions(root, entry)).catch((error: unknown) => {
    throw new MydError('CHECK_FAILED', messageOf(error), { cause: error })
  })
  const warning = result.warnings[0]
  if (warning !== undefined) {
    throw new MydError('CHECK_FAILED', `the bundler warns: ${warning.text} (${warning.location?.file ?? 'no file'})`)
  }
  const own = new Set(['src', relative(root, dirname(entry))])
  checkOrigins(
    result.metafile,
    [...own, ...listRuntimePackages(root)].map((directory) => `${directory}/`),
  )
  const code = findOutput(result.outputFiles, '.cjs')
  checkAscii(code)
  const note = `${Object.keys(result.metafile.inputs).length} files, ${formatMegabytes(code.length)}`
  return { code, sourceMap: findOutput(result.outputFiles, '.map'), note }
}

function bundleOptions(root: string, entry: string) {
  return {
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: join(root, 'dist', 'main.cjs'), // only named: the paths in the source map start there
    write: false,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node26',
    charset: 'ascii',
    minifyWhitespace: true,
    lineLimit: 160, // Node prints the whole line when an exception is not caught
    legalComments: 'none', // the licences go in whole, as an asset
    sourcemap: 'external',
    metafile: true,
    logLevel: 'silent',
  } satisfies BuildOptions
}

/** Nothing but our own source and the runtime packages goes in, nothing but Node's own modules stays outside. */
export function checkOrigins(metafile: Metafile, allowed: readonly string[]): void {
  for (const path of Object.keys(metafile.inputs)) {
    if (allowed.some((prefix) => path.startsWith(prefix))) continue
    throw new MydError('CHECK_FAILED', `${path} got into the bundle, which may hold only ${allowed.join(' ')}`)
  }
  for (const { imports } of Object.values(metafile.outputs)) {
    const foreign = imports.find((each) => !isBuiltin(each.path))
    if (foreign !== undefined) throw new MydError('CHECK_FAILED', `the bundle would load ${foreign.path} from outside`)
  }
}

/** One character beyond it, and every process keeps the whole source in two bytes a character. */
function checkAscii(code: Buffer): void {
  const at = code.findIndex((byte) => byte > 127)
  if (at < 0) return
  const around = code.subarray(Math.max(0, at - 40), at + 10).toString('utf8')
  throw new MydError('CHECK_FAILED', `the bundle has a character that is not ASCII: ${JSON.stringify(around)}`, {
    hint: 'write it as \\u and its number; the bundler does so itself but in regular expressions',
  })
}

function findOutput(files: readonly { path: string; contents: Uint8Array }[], ending: string): Buffer {
  const file = files.find((each) => each.path.endsWith(ending))
  if (file === undefined) throw new MydError('CHECK_FAILED', `the bundler wrote no ${ending} file`)
  return Buffer.from(file.contents)
}
