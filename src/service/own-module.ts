/** The module 'myd' as a service finds it: the copy that is built in, for import and for require. */
import { registerHooks } from 'node:module'
import { defineService } from './define-service.ts'
import { OWN_NAME } from './imports-own.ts'

const OWN_URL = 'myd:built-in'
const BRIDGE = Symbol.for('myd.built-in')

/** Once in a process; again is fine. */
export function provideOwnModule(): void {
  if (BRIDGE in globalThis) return
  Object.defineProperty(globalThis, BRIDGE, { value: { defineService } })
  const source = `export const { defineService } = globalThis[Symbol.for('myd.built-in')]`
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === OWN_NAME ? { url: OWN_URL, format: 'module', shortCircuit: true } : next(specifier, context),
    load: (url, context, next) =>
      url === OWN_URL ? { format: 'module', source, shortCircuit: true } : next(url, context),
  })
}
