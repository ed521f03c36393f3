/**
 * Reads JavaScript or TypeScript once, from the beginning to the end, as far as is needed to tell code from what only
 * looks like it. What is no program (a string that does not end) is taken as it comes. Pure.
 */

const PLAIN = /[^'"`/{}]+/y
const COMMENT = /\/\/.*|\/\*[\s\S]*?(?:\*\/|$)/y
const PATTERN = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y
// These match always, so that nothing is tried twice; group 1 is the end that they should have.
const STRINGS = {
  "'": /'(?:[^'\\\n]+|\\[\s\S])*('?)/y,
  '"': /"(?:[^"\\\n]+|\\[\s\S])*("?)/y,
} as const
const TEMPLATE = /(?:[^`\\$]+|\\[\s\S]?|\$(?!\{))*(`|\$\{)?/y
/** Behind these a slash begins a regular expression; behind a name, a number, `++` or a closing bracket it divides. */
const BEFORE_PATTERN =
  /(?:^|[(,=:[!&|?{};*%~^<>]|(?<!\+)\+|(?<!-)-|(?<![\w$.])(?:return|typeof|case|in|of|do|else|void|delete|throw|await|yield))$/
/** Longer than the longest of these words. */
const TAIL_LENGTH = 16

export interface SetAside {
  /** With `"N"` for the string with that number, one space for any white space, and without comments, templates and patterns. */
  readonly code: string
  readonly texts: readonly string[]
}

export function setAside(source: string): SetAside {
  const reader = new Reader(source)
  while (!reader.isAtEnd) reader.read()
  return { code: reader.pieces.join('').replace(/\s+/g, ' '), texts: reader.texts }
}

class Reader {
  readonly pieces: string[] = []
  readonly texts: string[] = []
  readonly #source: string
  #at = 0
  /** The last of the code so far. */
  #tail = ''
  /** Braces that are open in each `${…}` around this place. */
  readonly #braces: number[] = []
  /** By first letter: nothing that begins before this place ends. */
  readonly #unclosed = { "'": 0, '"': 0, '/': 0 }

  constructor(source: string) {
    this.#source = source
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#source.length
  }

  read(): void {
    const letter = this.#source[this.#at]
    if (letter === "'" || letter === '"') return this.#readString(letter)
    if (letter === '/') return this.#readSlash()
    if (letter === '{' || letter === '}') return this.#readBrace(letter)
    if (letter !== '`') return this.#keep(this.#match(PLAIN)?.[0] ?? '')
    this.#at += 1
    this.#readTemplate('')
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    return pattern.exec(this.#source)
  }

  /** @param length of what it stands for */
  #keep(piece: string, length = piece.length): void {
    this.#at += length
    this.pieces.push(piece)
    this.#tail = `${this.#tail}${piece.trimEnd().slice(-TAIL_LENGTH)}`.slice(-TAIL_LENGTH)
  }

  #readString(quote: "'" | '"'): void {
    if (this.#at < this.#unclosed[quote]) return this.#keep(quote)
    const [text = '', end] = this.#match(STRINGS[quote]) ?? []
    if (end === quote) return this.#keep(`"${this.texts.push(text.slice(1, -1)) - 1}"`, text.length)
    this.#unclosed[quote] = this.#at + text.length
    this.#keep(quote)
  }

  #readSlash(): void {
    const comment = this.#match(COMMENT)
    if (comment !== null) return this.#keep(' ', comment[0].length)
    if (this.#at < this.#unclosed['/'] || !BEFORE_PATTERN.test(this.#tail)) return this.#keep('/')
    const pattern = this.#match(PATTERN)
    if (pattern !== null) return this.#keep(' 0 ', pattern[0].length)
    const lineEnd = this.#source.indexOf('\n', this.#at)
    this.#unclosed['/'] = lineEnd < 0 ? this.#source.length : lineEnd
    this.#keep('/')
  }

  #readBrace(brace: '{' | '}'): void {
    const open = this.#braces.pop()
    if (open === undefined) return this.#keep(brace)
    if (brace === '}' && open === 0) {
      this.#at += 1
      return this.#readTemplate(')+')
    }
    this.#braces.push(brace === '{' ? open + 1 : open - 1)
    this.#keep(brace)
  }

  /** Up to its end, or to the next `${`, from where it is code again: `a${b}c` becomes 0+(b)+0. */
  #readTemplate(before: string): void {
    const [text = '', end] = this.#match(TEMPLATE) ?? []
    if (end === '${') this.#braces.push(0)
    this.#keep(end === '${' ? `${before} 0+(` : `${before} 0 `, text.length)
  }
}
