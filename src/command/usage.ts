/** The usage: what a person sees who types the name and nothing else. Pure. */
import { wrapIndented } from '../wrap-text.ts'
import { FLAGS } from './flags.ts'
import { VERBS } from './verbs.ts'

export interface UsageOptions {
  readonly name: string
  readonly version: string
  readonly debug: boolean
  readonly width: number
}

const INDENT = '    '

/** `myd version 0.1.0`, or with ` Debug` for a debug build. */
export function renderTitle({ name, version, debug }: UsageOptions): string {
  return `${name} version ${version}${debug ? ' Debug' : ''}`
}

export function renderUsage(options: UsageOptions): string {
  const { name, width } = options
  const flags = Object.entries(FLAGS).filter(([, { verbs }]) => verbs === undefined)
  const verbs = Object.entries(VERBS).filter(([, { load }]) => load !== null)
  return [
    renderTitle(options),
    '',
    `${name} --check           will it run here?`,
    `${name} --daemon --proc=8 start it with eight workers`,
    `${name} ./server.js --daemon --proc=8  the same with a service: .js .mjs .cjs .ts .mts .cts`,
    `${name} status            see what it does`,
    '',
    'Flags:',
    ...flags.flatMap(([flag, { value, help }]) => describe(shown(flag, value), help, width)),
    '',
    'Verbs:',
    ...verbs.flatMap(([verb, { usage, help }]) => describe(`${verb} ${usage}`.trim(), help, width)),
    '',
  ].join('\n')
}

/** The usage of one verb. */
export function renderVerbUsage(verb: string, options: UsageOptions): string {
  const { usage, help } = VERBS[verb]!
  const flags = Object.entries(FLAGS).filter(([, { verbs }]) => verbs?.includes(verb))
  return [
    `${options.name} ${verb} ${usage}`.trim(),
    `${INDENT}${help}`,
    ...(flags.length === 0 ? [] : ['', 'Flags:']),
    ...flags.flatMap(([flag, { value, help: about }]) => describe(shown(flag, value), about, options.width)),
    '',
  ].join('\n')
}

function shown(flag: string, value: string | null): string {
  return value === null ? `--${flag}` : `--${flag}=[${value}]`
}

function describe(left: string, help: string, width: number): string[] {
  return wrapIndented(help, width, `${INDENT}${left} – `, `${INDENT}${INDENT}`)
}
