/** Whether a definition is one: TypeScript told its author, who may write JavaScript or have told it to be quiet. Pure. */
import { nearest } from '../settings/nearest.ts'
import { NAME_PATTERN } from '../settings/row.ts'
import { BUILT_IN_JOB_TYPES } from '../settings/table.ts'
import { describeSettings } from './describe-settings.ts'

type Members = Readonly<Record<string, unknown>>

const KINDS: Readonly<Record<string, 'text' | 'function' | 'functions' | 'settings'>> = {
  name: 'text',
  settings: 'settings',
  checks: 'functions',
  start: 'function',
  http: 'function',
  connection: 'function',
  jobs: 'functions',
}

/** @returns what is wrong, a sentence that begins with the name of the member; null when nothing is */
export function checkDefinition(definition: Members): string | null {
  for (const [member, value] of Object.entries(definition)) {
    const problem = value === undefined ? null : checkMember(member, value)
    if (problem !== null) return problem
  }
  if (definition.http !== undefined && definition.connection !== undefined) {
    return 'connection: a service that has http gets its connections as requests; leave one of them out'
  }
  return checkJobNames(Object.keys(definition.jobs ?? {}))
}

function checkMember(member: string, value: unknown): string | null {
  switch (Object.hasOwn(KINDS, member) ? KINDS[member] : undefined) {
    case 'text':
      return typeof value === 'string' && value !== '' ? null : `${member} must be text`
    case 'function':
      return typeof value === 'function' ? null : `${member} must be a function`
    case 'functions':
      return checkFunctions(member, value)
    case 'settings': {
      const schema = isRecord(value) ? describeSettings(value) : 'settings must be an object'
      return typeof schema === 'string' ? schema : null
    }
    case undefined: {
      const meant = nearest(member, Object.keys(KINDS))
      const advice = meant === null ? `known are ${Object.keys(KINDS).join(', ')}` : `did you mean ${meant}?`
      return `${member} is no member of a service: ${advice}`
    }
  }
}

function checkFunctions(member: string, value: unknown): string | null {
  if (!isRecord(value)) return `${member} must be an object of functions`
  const wrong = Object.entries(value).find(([, one]) => typeof one !== 'function')
  return wrong === undefined ? null : `${member}.${wrong[0]} must be a function`
}

function checkJobNames(types: readonly string[]): string | null {
  for (const type of types) {
    if (BUILT_IN_JOB_TYPES.includes(type)) return `jobs.${type}: this type of jobs is built in; choose another name`
    if (!NAME_PATTERN.test(type)) return `jobs.${type}: use up to 64 letters, digits, ".", "_" and "-"`
  }
  return null
}

const isRecord = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
