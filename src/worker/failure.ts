/**
 * What nobody caught in a worker: an exception or a rejected promise. The worker cannot go on; what it says last is what
 * its author has to find the cause with.
 */
import { inspect } from 'node:util'
import { excerptSource, findPosition } from './source-excerpt.ts'

export type FailureOrigin = 'uncaughtException' | 'unhandledRejection'

export interface Failure {
  /** One line: `uncaught exception: TypeError: x is not a function`. */
  readonly message: string
  /** With causes and the errors of an AggregateError; null when what was thrown is no error. */
  readonly stack: string | null
  /** The author's lines of source around it; null when they cannot be found. */
  readonly excerpt: string | null
}

const WORDS: Readonly<Record<FailureOrigin, string>> = {
  uncaughtException: 'uncaught exception',
  unhandledRejection: 'unhandled rejection',
}

const MESSAGE_LIMIT = 500
/** Per error; Node itself keeps ten frames unless told otherwise. */
const STACK_LINES = 20
const CAUSES_DEEP = 4
const ERRORS_SHOWN = 3
const STACK_LIMIT = 8000

/**
 * Bounded, and never throws, whatever was thrown.
 * @param isOurs whether a file belongs to the program that runs the service
 */
export function describeFailure(
  error: unknown,
  origin: FailureOrigin,
  isOurs: (path: string) => boolean = () => false,
): Failure {
  const words = WORDS[origin]
  try {
    const stack = describeStack(error)
    const position = stack === null ? null : findPosition(stack, isOurs)
    const excerpt = position === null ? null : excerptSource(position)
    return { message: oneLine(`${words}: ${describeThrown(error)}`), stack, excerpt }
  } catch {
    return { message: `${words}: something that cannot be described`, stack: null, excerpt: null }
  }
}

/**
 * Calls `onFailure` once, for the first failure that is not the service's own to take (it is when the service listens
 * for `uncaughtException`, or for a rejection for `unhandledRejection`). What fails while that is handled is dropped.
 * @returns what ends the watch
 */
export function watchFailures({
  onFailure,
  isOurs,
}: {
  readonly onFailure: (failure: Failure) => void
  readonly isOurs?: (path: string) => boolean
}): () => void {
  let isHandling = false
  const listener = (error: unknown, origin: FailureOrigin): void => {
    if (isHandling || process.listenerCount('uncaughtException') > 1) return
    isHandling = true
    onFailure(describeFailure(error, origin, isOurs))
  }
  process.on('uncaughtException', listener)
  return () => void process.removeListener('uncaughtException', listener)
}

function describeThrown(error: unknown): string {
  if (!(error instanceof Error)) return describeValue(error)
  if ((error as { code?: unknown }).code === 'ERR_UNHANDLED_REJECTION') return describeReason(error.message)
  const message = String(error.message)
  return message === '' ? nameOf(error) : `${nameOf(error)}: ${message}`
}

/** Node wraps a rejection's reason that is no error in a sentence about promises. */
function describeReason(sentence: string): string {
  const reason = /rejected with the reason "([\s\S]*)"\.?$/.exec(sentence)?.[1]
  return reason === undefined ? sentence : `${reason} (not an Error)`
}

function describeValue(value: unknown): string {
  return `${inspect(value, { depth: 1, maxStringLength: 200, maxArrayLength: 10, breakLength: Infinity })} (not an Error)`
}

function nameOf(error: Error): string {
  const { name } = error
  const constructorName = error.constructor?.name
  return name === 'Error' && constructorName ? constructorName : String(name)
}

function describeStack(error: unknown): string | null {
  const isWrapped = (error as { code?: unknown } | null)?.code === 'ERR_UNHANDLED_REJECTION'
  if (!(error instanceof Error) || isWrapped) return null
  return clip(stackLines(error, 0, new Set()).join('\n'), STACK_LIMIT)
}

/** The stack of an error, and indented those of what caused it. */
function stackLines(error: unknown, depth: number, seen: Set<unknown>): string[] {
  if (!(error instanceof Error)) return [describeValue(error)]
  if (seen.has(error)) return ['(an error that is shown already)']
  seen.add(error)
  const own = typeof error.stack === 'string' && error.stack !== '' ? error.stack : describeThrown(error)
  const lines = shorten(own.split('\n'))
  if (depth >= CAUSES_DEEP) return lines
  const nested = (title: string, one: unknown): string[] =>
    stackLines(one, depth + 1, seen).map((line, index) => `  ${index === 0 ? `${title}: ` : ''}${line}`)
  if (error.cause !== undefined) lines.push(...nested('cause', error.cause))
  const errors: unknown[] = error instanceof AggregateError && Array.isArray(error.errors) ? error.errors : []
  for (const one of errors.slice(0, ERRORS_SHOWN)) lines.push(...nested('error', one))
  if (errors.length > ERRORS_SHOWN) lines.push(`  and ${errors.length - ERRORS_SHOWN} more errors`)
  return lines
}

function shorten(lines: string[]): string[] {
  const left = lines.length - STACK_LINES
  return left > 0 ? [...lines.slice(0, STACK_LINES), `    … ${left} more lines`] : lines
}

function oneLine(text: string): string {
  return clip(text.replace(/\s*\n\s*/g, ' '), MESSAGE_LIMIT)
}

function clip(text: string, limit: number): string {
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text
}
