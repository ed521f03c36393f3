/**
 * `node build/build.ts [--entry FILE] [--out FILE] [--debug]`: makes the executable.
 *
 *     base → bundle → blob → inject → trailer → verify → publish
 *
 * Same inputs, same bytes. A step that fails ends the build, and the executable that was there before stays.
 */

import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { MydError } from '../src/errors.ts'
import { MANIFEST_ASSET } from '../src/system/executable.ts'
import { prepareBase } from './base.ts'
import { makeBlob } from './blob.ts'
import { bundleSource } from './bundle.ts'
import { checkExecutable } from './check-executable.ts'
import { injectBlob } from './inject.ts'
import { describeBuild } from './manifest.ts'
import { collectLicenses } from './packages.ts'
import { appendTrailer, publish } from './publish.ts'
import { formatMegabytes, runStep, type StepResult } from './step.ts'

interface Options {
  /** The repository. */
  readonly root: string
  /** The source file to begin with. */
  readonly entry: string
  readonly out: string
  readonly debug: boolean
}

async function build({ root, entry, out, debug }: Options): Promise<void> {
  const beside = `${out}.new-${process.pid}`
  mkdirSync(dirname(out), { recursive: true })
  try {
    const base = await runStep('base', () => prepareBase(root))
    const bundle = await runStep('bundle', () => bundleSource(root, entry))
    const licenses = { 'licenses.txt': Buffer.from(collectLicenses(root, base)) }
    const manifest = describeBuild({ ...readPackage(root), debug }, base, bundle.code, licenses)
    const assets = { [MANIFEST_ASSET]: Buffer.from(JSON.stringify(manifest)), ...licenses }
    const blob = await runStep('blob', () => makeBlob(base.path, bundle.code, assets))
    await runStep('inject', () => injectBlob(root, base.path, blob.bytes, beside))
    const { bytes } = await runStep('trailer', () => appendTrailer(beside))
    await runStep('verify', () => verify(beside, manifest.buildId))
    const { sha256 } = await runStep('publish', () => publish(beside, out, bundle.sourceMap))
    console.log(`\n${formatMegabytes(bytes)} (${bytes} bytes), sha256 ${sha256}`)
  } finally {
    rmSync(beside, { force: true })
  }
}

async function verify(path: string, buildId: string): Promise<StepResult> {
  const results = await checkExecutable(path, buildId)
  const problems = results.filter((result) => result.problem !== null)
  if (problems.length === 0) return { note: `runs, build ${buildId}` }
  throw new MydError('CHECK_FAILED', problems.map(({ check, problem }) => `${check}: ${problem}`).join('\n'))
}

function readPackage(root: string): { name: string; version: string } {
  const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, string>
  return { name: name ?? '', version: version ?? '' }
}

function readOptions(root: string): Options {
  const { values } = parseArgs({
    options: { entry: { type: 'string' }, out: { type: 'string' }, debug: { type: 'boolean', default: false } },
  })
  return {
    root,
    entry: resolve(values.entry ?? join(root, 'src', 'main.ts')),
    out: resolve(values.out ?? join(root, 'dist', 'myd')),
    debug: values.debug,
  }
}

build(readOptions(dirname(import.meta.dirname))).catch((error: unknown) => {
  console.error(error instanceof MydError ? `the build failed: ${error.message}` : error)
  process.exitCode = error instanceof MydError ? error.exitCode : 70
})
