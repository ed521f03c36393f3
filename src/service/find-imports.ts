/**
 * What a file of JavaScript or TypeScript loads, found by looking and not by running it: import and export … from,
 * import() and require() of a plain text. Comments, templates and regular expressions are jumped over, and the texts
 * of strings are put aside, so that nothing in them is taken for code. Imports of types alone load nothing. Pure.
 */

/** Group 1: what is imported; group 2: the number of the specifier, as `setAside` leaves it. */
const LOADING: readonly RegExp[] = [
  /(?<![\w$.])import\s*(?:((?:[\w$*\s,]|\{[^{}]*\})*?)\bfrom\s*)?"(\d+)"/g,
  /(?<![\w$.])export\s*(\*(?:\s*as\s+[\w$]+)?|\{[^{}]*\})\s*from\s*"(\d+)"/g,
  /(?<![\w$.])(?:import|require)\s*(\()\s*"(\d+)"\s*[,)]/g,
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
  if (/^\s*type\s*[\w$*{]/.test(clause)) return true
  const names = /^\s*\{([^}]*)\}\s*$/
    .exec(clause)?.[1]
    ?.split(',')
    .filter((name) => name.trim() !== '')
  return names?.every((name) => /^\s*type\s+[\w$]/.test(name)) ?? false
}

const PLAIN = /[^'"`/]+/y
const STRING = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y
const COMMENT = /\/\/.*|\/\*[\s\S]*?(?:\*\/|$)/y
const PATTERN = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y
/** Behind these a slash begins a regular expression; behind a name, a number or a closing bracket it divides. */
const BEFORE_PATTERN =
  /(?:^|[(,=:[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|in|of|do|else|void|delete|throw|await|yield))\s*$/
/** Longer than the longest of these words. */
const TAIL_LENGTH = 16

/** The code with `"N"` for the string with that number, and without what is jumped over. */
function setAside(source: string): { readonly code: string; readonly texts: readonly string[] } {
  const texts: string[] = []
  const pieces: string[] = []
  let tail = ''
  for (let at = 0; at < source.length; ) {
    const { length, kind } = measure(source, at, tail)
    const piece = source.slice(at, at + length)
    at += length
    if (kind === 'comment') continue
    const kept = kind === 'string' ? `"${texts.push(piece.slice(1, -1)) - 1}"` : kind === 'literal' ? ' 0 ' : piece
    pieces.push(kept)
    tail = `${tail}${kept.slice(-TAIL_LENGTH)}`.trimEnd().slice(-TAIL_LENGTH)
  }
  return { code: pieces.join(''), texts }
}

interface Token {
  readonly kind: 'code' | 'string' | 'comment' | 'literal'
  readonly length: number
}

/** @param tail the code before it */
function measure(source: string, at: number, tail: string): Token {
  const match = (pattern: RegExp): number => {
    pattern.lastIndex = at
    return pattern.exec(source)?.[0].length ?? 0
  }
  const plain = match(PLAIN)
  if (plain > 0) return { kind: 'code', length: plain }
  const string = match(STRING)
  if (string > 0) return { kind: 'string', length: string }
  if (source[at] === '`') return { kind: 'literal', length: endOfTemplate(source, at + 1) - at }
  const comment = match(COMMENT)
  if (comment > 0) return { kind: 'comment', length: comment }
  const pattern = BEFORE_PATTERN.test(tail) ? match(PATTERN) : 0
  return pattern > 0 ? { kind: 'literal', length: pattern } : { kind: 'code', length: 1 }
}

/** @param at behind the opening mark @returns the place behind the closing one; templates in templates are inside */
function endOfTemplate(source: string, at: number): number {
  while (at < source.length) {
    const letter = source[at++]
    if (letter === '`') return at
    if (letter === '\\') at += 1
    if (letter === '$' && source[at] === '{') at = endOfSubstitution(source, at + 1)
  }
  return at
}

function endOfSubstitution(source: string, at: number): number {
  for (let depth = 1; depth > 0 && at < source.length; ) {
    STRING.lastIndex = at
    const string = STRING.exec(source)
    const letter = source[at]
    at = string === null ? at + 1 : STRING.lastIndex
    if (string !== null) continue
    if (letter === '`') at = endOfTemplate(source, at)
    if (letter === '{') depth += 1
    if (letter === '}') depth -= 1
  }
  return at
}
