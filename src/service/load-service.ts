/**
 * Loads a service file: ESM, CommonJS or TypeScript (types stripped by Node), also from inside the packed executable. It
 * runs as the main module of its process, with nothing of our arguments, so that a server that was started by `node
 * server.js` finds what it found there. The name 'myd' in it means the copy that is built in. Only processes that
 * may run the service's code load it: workers and the short-lived describe child.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import vm from 'node:vm'
import { MydError } from '../errors.ts'
import { checkDefinition } from './check-definition.ts'
import { SERVICE_MARK, type Service } from './define-service.ts'
import { explainLoadError, refuseFile } from './explain-load-error.ts'
import { importsOwn } from './imports-own.ts'
import { provideOwnModule } from './own-module.ts'

export type LoadedService =
  | { readonly kind: 'defined'; readonly service: Service }
  /** A program that does not use `myd`: it has been evaluated, and does what it does. */
  | { readonly kind: 'unmodified' }

/**
 * @param path absolute
 * @throws MydError SETTINGS when it cannot be loaded or is no service; `cause` has the stack, `hint` what to do
 */
export async function loadService(path: string): Promise<LoadedService> {
  refuseFile(path)
  const isOwn = importsOwn(path)
  const namespace = await evaluate(path)
  if (!isOwn) return { kind: 'unmodified' }
  const service = findService(namespace.default)
  if (service === null) {
    throw new MydError('SETTINGS', `${path} exports no service`, {
      path,
      hint: 'write: export default defineService({ … })',
    })
  }
  const problem = checkDefinition(service as unknown as Readonly<Record<string, unknown>>)
  if (problem === null) return { kind: 'defined', service }
  throw new MydError('SETTINGS', `${path}: ${problem}`, { path, hint: 'see the members of defineService' })
}

/** Whether loading it evaluates a definition; when not, nobody but a worker is to run it. @throws MydError SETTINGS */
export function isDefined(path: string): boolean {
  refuseFile(path)
  return importsOwn(path)
}

/** CommonJS that was made of TypeScript has it one level deeper. */
function findService(exported: unknown): Service | null {
  if (isService(exported)) return exported
  const inner = typeof exported === 'object' && exported !== null && 'default' in exported ? exported.default : null
  return isService(inner) ? inner : null
}

function isService(value: unknown): value is Service {
  return typeof value === 'object' && value !== null && SERVICE_MARK in value
}

type Namespace = Readonly<Record<string, unknown>>

async function evaluate(path: string): Promise<Namespace> {
  provideOwnModule()
  try {
    return await runAsMain(path)
  } catch (error) {
    const { message, hint } = explainLoadError(error, path)
    throw new MydError('SETTINGS', message, { cause: error, path, ...(hint === null ? {} : { hint }) })
  }
}

/**
 * Node's own way to begin, which sets `require.main` and `import.meta.main`. It gives nothing back: the same module
 * imported tells what came of it. What it runs into is an uncaught exception, as is what else goes wrong meanwhile:
 * unless the service listens for that itself, it is why the service cannot be loaded.
 */
async function runAsMain(path: string): Promise<Namespace> {
  process.argv = [process.argv[0] ?? '', path]
  const failure = Promise.withResolvers<never>()
  const onUncaught = (error: unknown): void => {
    if (process.listenerCount('uncaughtException') === 1) failure.reject(error)
  }
  process.on('uncaughtException', onUncaught)
  try {
    runMain(path)
    return await Promise.race([importFromDisk(pathToFileURL(path).href), failure.promise])
  } finally {
    await nextTurn() // both tell of a failure, one after the other
    process.removeListener('uncaughtException', onUncaught)
  }
}

/** As `node FILE` does. Errors of CommonJS are thrown, those of ESM are uncaught exceptions. @param path absolute */
export function runMain(path: string): void {
  const { Module } = process.getBuiltinModule('node:module') as unknown as { Module: { runMain(path: string): void } }
  Module.runMain(path)
}

/** Node's own import(): the bundle's would be looked up inside the executable. */
export function importFromDisk(url: string): Promise<Namespace> {
  const source = `import(${JSON.stringify(url)})`
  const script = new vm.Script(source, { importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER })
  return script.runInThisContext() as Promise<Namespace>
}
