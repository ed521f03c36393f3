/**
 * What a file of JavaScript or TypeScript loads, found by looking and not by running it: import and export … from,
 * import() and require() of a plain text. Comments, templates and regular expressions are jumped over, and the texts
 * of strings are put aside, so that nothing in them is taken for code. Imports of types alone load nothing. Takes time
 * in proportion to the length, whatever the text is. Pure.
 */
import { setAside } from './set-aside.ts'

/**
 * Group 1: what is imported; group 2: the number of the specifier, as `setAside` leaves it. What is imported ends where
 * another import begins, so that none is looked at twice.
 */
const LOADING: readonly RegExp[] = [
  /(?<![\w$.])import(?![\w$]) ?(?:((?:(?!(?<![\w$])import(?![\w$]))[\w$* ,]|\{[^{}]*\})*?)\bfrom ?)?"(\d+)"/g,
  /(?<![\w$.])export ?(\*(?: ?as [\w$]+)?|\{[^{}]*\}) ?from ?"(\d+)"/g,
  /(?<![\w$.])(?:import|require) ?(\() ?"(\d+)" ?[,)]/g,
]

/** @returns specifiers as they are written, each once */
export function findImports(source: string): string[] {
  const { code, texts } = setAside(source)
  const found = LOADING.flatMap((pattern) => [...code.matchAll(pattern)])
  const loading = found.filter(([, clause]) => !isTypeOnly(clause ?? ''))
  return [...new Set(loading.map(([, , number]) => texts[Number(number)] ?? ''))]
}

/** `type X`, `type { X }`, `{ type X, type Y }`: what stripping the types leaves of these is of no use to anybody. */
function isTypeOnly(clause: string): boolean {
  if (/^ ?type(?: [\w$]| ?[*{])/.test(clause)) return true
  const names = /^ ?\{([^}]*)\} ?$/
    .exec(clause)?.[1]
    ?.split(',')
    .filter((name) => name.trim() !== '')
  return names?.every((name) => /^ ?type (?!as [\w$]+ ?$)[\w$]/.test(name)) ?? false // `type as X` is a value's name
}
