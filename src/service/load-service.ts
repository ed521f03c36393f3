/**
 * Loads a service file: ESM, CommonJS or TypeScript (types stripped by Node), also from inside the packed executable.
 * The name 'myd' in it means the copy that is built in. Only processes that may run the service's code load it: workers
 * and the short-lived describe child.
 */
import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import vm from 'node:vm'
import { MydError, messageOf } from '../errors.ts'
import { defineService, SERVICE_MARK, type Service } from './define-service.ts'

const OWN_NAME = 'myd'
const OWN_URL = 'myd:built-in'
const BRIDGE = Symbol.for('myd.built-in')

/** Node's own import(): the bundle's would be looked up inside the executable. */
function importFromDisk(url: string): Promise<Record<string, unknown>> {
  const source = `import(${JSON.stringify(url)})`
  const script = new vm.Script(source, { importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER })
  return script.runInThisContext() as Promise<Record<string, unknown>>
}

function provideOwnModule(): void {
  Object.defineProperty(globalThis, BRIDGE, { value: { defineService }, configurable: true })
  const source = `export const { defineService } = globalThis[Symbol.for('myd.built-in')]`
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === OWN_NAME ? { url: OWN_URL, format: 'module', shortCircuit: true } : next(specifier, context),
    load: (url, context, next) =>
      url === OWN_URL ? { format: 'module', source, shortCircuit: true } : next(url, context),
  })
}

/** @param path absolute @throws MydError SETTINGS when it cannot be loaded or is no service; `cause` has the stack */
export async function loadService(path: string): Promise<Service> {
  provideOwnModule()
  let module: Record<string, unknown>
  try {
    module = await importFromDisk(pathToFileURL(path).href)
  } catch (error) {
    throw new MydError('SETTINGS', `${path} cannot be loaded: ${messageOf(error)}`, { cause: error, path })
  }
  const service = module.default
  if (isService(service)) return service
  throw new MydError('SETTINGS', `${path} exports no service`, {
    path,
    hint: 'write: export default defineService({ … })',
  })
}

function isService(value: unknown): value is Service {
  return typeof value === 'object' && value !== null && SERVICE_MARK in value
}
