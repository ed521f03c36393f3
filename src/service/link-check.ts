/**
 * Whether a program that must not run here can begin: its modules are read, resolved and linked as Node does it before
 * it evaluates the first of them, which is where syntax errors, TypeScript that is more than types, and imports of
 * what is not there come to light. Nothing of it is evaluated.
 */
import { readFileSync } from 'node:fs'
import { registerHooks, stripTypeScriptTypes } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import vm from 'node:vm'
import { importFromDisk } from './load-service.ts'
import { provideOwnModule } from './own-module.ts'

/** Imports `STOP_URL`, then the program: modules are evaluated in this order, once all of them are linked. */
const ENTRY_URL = 'myd:link'
/** Throws when it is evaluated, so that nothing behind it is. */
const STOP_URL = 'myd:stop'
const STOPPED = Symbol.for('myd.stopped')

/**
 * Once in a process: what has been linked is remembered.
 * @param path absolute @throws what Node throws when it cannot begin to run it
 */
export async function linkProgram(path: string): Promise<void> {
  provideOwnModule()
  const target = pathToFileURL(path).href
  const formats = new Map<string, string>()
  const hooks = provideEntry(target, formats)
  try {
    await importFromDisk(ENTRY_URL)
  } catch (error) {
    if (error !== STOPPED) throw error
  } finally {
    hooks.deregister()
  }
  for (const [url, format] of formats) {
    if (format.startsWith('commonjs')) compileCommonJs(fileURLToPath(url), format === 'commonjs-typescript')
  }
}

/** @param formats filled with what Node takes each file for: `module`, `commonjs`, `commonjs-typescript`, … */
function provideEntry(target: string, formats: Map<string, string>): ReturnType<typeof registerHooks> {
  const sources: Readonly<Record<string, string>> = {
    [ENTRY_URL]: `import '${STOP_URL}'\nimport ${JSON.stringify(target)}`,
    [STOP_URL]: `throw Symbol.for('${STOPPED.description}')`,
  }
  return registerHooks({
    resolve: (specifier, context, next) =>
      specifier in sources ? { url: specifier, format: 'module', shortCircuit: true } : next(specifier, context),
    load: (url, context, next) => {
      const source = sources[url]
      if (source !== undefined) return { format: 'module', source, shortCircuit: true }
      const loaded = next(url, context)
      if (url.startsWith('file:')) formats.set(url, loaded.format ?? '')
      return loaded
    },
  })
}

/** What linking does not: CommonJS is compiled when it is run. */
function compileCommonJs(path: string, isTypeScript: boolean): void {
  const text = readFileSync(path, 'utf8')
  const source = isTypeScript ? stripTypeScriptTypes(text, { sourceUrl: path }) : text
  vm.compileFunction(source, ['exports', 'require', 'module', '__filename', '__dirname'], { filename: path })
}
