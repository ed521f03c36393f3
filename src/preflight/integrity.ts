/** The file of the program, byte for byte, by the trailer behind its end. */
import type { PreflightContext } from './context.ts'
import { type Finding, failure, ok } from './finding.ts'

export async function checkIntegrity({ build, executablePath, verifyFile }: PreflightContext): Promise<Finding[]> {
  if (!build.packed) return [ok('integrity', 'runs from source')]
  if (verifyFile === null) return [ok('integrity', 'the embedded parts only; --check looks at the whole file')]
  const verdict = await verifyFile(executablePath)
  if (verdict.ok) return [ok('integrity', `the file is as it was built (build ${build.buildId})`)]
  const message = `${executablePath}: ${verdict.problem}`
  return [failure('integrity', message, 'Copy the file again and compare its SHA-256, or build it again')]
}
