/**
 * The command line: first every word is looked at on its own, so that each mistake is told with the right word beside
 * it; then cac, given what is sound, finds the verb. Values stay the text that was typed: cac would make numbers of
 * them (007 → 7), so each is carried past it behind a mark. Pure.
 */
import { cac } from 'cac'
import { MydError } from '../errors.ts'
import { nearest } from '../settings/nearest.ts'
import { FLAGS } from './flags.ts'
import { VERBS } from './verbs.ts'

export interface Parsed {
  readonly flags: ReadonlyMap<string, readonly string[]>
  /** null: no verb, the flags say what to do. */
  readonly verb: string | null
  readonly args: readonly string[]
  /** A service file in the place of the verb. */
  readonly service: string | null
  /** Behind `--`. */
  readonly rest: readonly string[]
}

/** Keeps cac from reading a number into a value. */
const MARK = '\u001f'
const LONG_DASHES = /^[\u2010-\u2015\u2212]+/
const SHORT: ReadonlyMap<string, string> = new Map([
  ['-h', '--help'],
  ['-v', '--version'],
  ['-V', '--version'],
])

function usage(message: string, hint: string): MydError {
  return new MydError('USAGE', message, { hint })
}

/** @throws MydError USAGE, with the nearest right word */
export function parseCommandLine(typed: readonly string[], name = 'myd'): Parsed {
  const split = typed.indexOf('--')
  const words = split < 0 ? typed : typed.slice(0, split)
  const rest = split < 0 ? [] : typed.slice(split + 1)
  const sound = checkWords(words)
  const program = defineCommands(name)
  const { args, options } = program.parse(['', name, ...sound], { run: false })
  const flags = collectFlags(options)
  const verb = program.matchedCommandName ?? null
  if (verb !== null) return { flags: checkPlace(flags, verb), verb, args: args.map(unmark), service: null, rest }
  const [first, ...others] = args.map(unmark)
  const service = first !== undefined && isServiceFile(first) ? first : null
  if (first !== undefined && service === null) throw unknownVerb(first)
  if (others.length > 0) throw usage(`unexpected “${others[0]}” behind ${first}`, 'flags begin with two dashes')
  return { flags: checkPlace(flags, null), verb: null, args: [], service, rest }
}

/** cac with every flag and verb of the tables. */
export function defineCommands(name: string): ReturnType<typeof cac> {
  const program = cac(name)
  for (const [flag, { value, help, verbs }] of Object.entries(FLAGS)) {
    if (verbs === undefined) program.option(value === null ? `--${flag}` : `--${flag} <${value}>`, help)
  }
  for (const [verb, { usage: behind, help }] of Object.entries(VERBS)) {
    const command = program.command(`${verb} [...args]`, help).usage(`${verb} ${behind}`)
    for (const [flag, { value, help: about, verbs }] of Object.entries(FLAGS)) {
      if (verbs?.includes(verb)) command.option(value === null ? `--${flag}` : `--${flag} <${value}>`, about)
    }
  }
  return program
}

/** Words as cac can take them without loss: `--flag`, `--flag=MARKvalue`, MARKword. */
function checkWords(words: readonly string[]): string[] {
  const sound: string[] = []
  const seen = new Set<string>()
  for (let at = 0; at < words.length; at++) {
    const word = SHORT.get(words[at]!) ?? words[at]!
    if (LONG_DASHES.test(word)) throw longDash(word)
    if (!word.startsWith('-') || word === '-') {
      sound.push(word === '-' || sound.length > 0 ? mark(word, sound) : word)
      continue
    }
    const { name, value } = splitFlag(word)
    const flag = Object.hasOwn(FLAGS, name) ? FLAGS[name] : undefined
    if (flag === undefined || !/^--[^-]/.test(word)) throw unknownFlag(word, name)
    if (seen.has(name) && flag.repeatable !== true) throw usage(`--${name} is given twice`, 'give it once')
    seen.add(name)
    if (flag.value === null) {
      if (value !== null) throw usage(`--${name} takes no value, “${value}” was given`, `write --${name}`)
      sound.push(`--${name}`)
      continue
    }
    const given = value ?? words[++at]
    if (given === undefined || (value === null && /^--[a-z]/.test(given))) throw missingValue(name, flag.value)
    sound.push(`--${name}=${MARK}${given}`)
  }
  return sound
}

/** The first bare word may be a verb, which cac has to recognise; all others are carried as they are. */
function mark(word: string, before: readonly string[]): string {
  return before.every((one) => one.startsWith('--')) && word !== '-' ? word : `${MARK}${word}`
}

function unmark(word: string | number): string {
  return String(word).replace(MARK, '')
}

function splitFlag(word: string): { name: string; value: string | null } {
  const at = word.indexOf('=')
  const name = (at < 0 ? word : word.slice(0, at)).replace(/^-+/, '')
  return { name, value: at < 0 ? null : word.slice(at + 1) }
}

/** What cac made of the flags, by the names in the table. */
function collectFlags(options: Readonly<Record<string, unknown>>): Map<string, string[]> {
  const flags = new Map<string, string[]>()
  for (const name of Object.keys(FLAGS)) {
    const camel = name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
    const value = options[camel]
    if (value === undefined) continue
    const values = Array.isArray(value) ? value : [value]
    flags.set(
      name,
      values.map((one) => (one === true ? '' : unmark(one as string))),
    )
  }
  return flags
}

/** A flag of one verb means nothing elsewhere. */
function checkPlace(flags: Map<string, string[]>, verb: string | null): Map<string, string[]> {
  for (const name of flags.keys()) {
    const verbs = FLAGS[name]?.verbs
    if (verbs === undefined || (verb !== null && verbs.includes(verb))) continue
    throw usage(`--${name} means nothing ${verb === null ? 'here' : `to ${verb}`}`, `it belongs to ${verbs.join(', ')}`)
  }
  return flags
}

function isServiceFile(word: string): boolean {
  return word.includes('/') || /\.[cm]?[jt]s$/.test(word)
}

function longDash(word: string): MydError {
  const right = word.replace(LONG_DASHES, '--')
  return usage(`“${word}” begins with a long dash`, `type two short ones: ${right}`)
}

function missingValue(name: string, value: string): MydError {
  return usage(`--${name} needs a value`, `write --${name}=${value === 'auto' ? '8' : `<${value}>`}`)
}

function unknownFlag(word: string, name: string): MydError {
  const meant = nearest(name, Object.keys(FLAGS))
  const typed = word.split('=')[0]
  return usage(`unknown flag ${typed}`, meant === null ? '--help lists them' : `did you mean --${meant}?`)
}

function unknownVerb(word: string): MydError {
  const meant = nearest(word, [...Object.keys(VERBS), ...Object.keys(FLAGS)])
  if (meant === null) return usage(`unknown verb ${word}`, '--help lists them')
  return usage(`unknown verb ${word}`, `did you mean ${meant in VERBS ? meant : `--${meant}`}?`)
}
