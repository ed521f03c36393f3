/** The settings that a service declares, as the schema by which they are read; a wrong declaration is told by its name. Pure. */
import { isProblem, parseSetting } from '../settings/parse-setting.ts'
import { DURATION_MAX_MS, type Row, type ServiceRow, type ServiceSchema, type SettingValue } from '../settings/row.ts'
import { variableOf } from '../settings/table.ts'

/** How a default is written in a definition: as in a settings file. */
const WRITTEN: Readonly<Record<ServiceRow['type'], string>> = {
  string: 'text',
  boolean: 'true or false',
  integer: 'a whole number',
  duration: 'a duration, as in "30s"',
  size: 'a size, as in "64MiB"',
  path: 'an absolute path',
  list: 'a list of words',
  enum: 'one of its values',
}

const BOUNDS: Readonly<Partial<Record<ServiceRow['type'], readonly [number, number]>>> = {
  integer: [-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  duration: [0, DURATION_MAX_MS],
  size: [0, Number.MAX_SAFE_INTEGER],
}

const MEMBERS = ['type', 'default', 'help', 'min', 'max', 'values']

/** Its variable and its place in a file follow from it. */
const NAME = /^[a-z][a-zA-Z0-9]{0,63}$/

type Declaration = Readonly<Record<string, unknown>>

/** @param declared what an author wrote, of any shape @returns the schema, or a sentence that names what is wrong */
export function describeSettings(declared: Declaration): ServiceSchema | string {
  const schema: Record<string, ServiceRow> = {}
  const names = new Map<string, string>()
  for (const [name, declaration] of Object.entries(declared)) {
    if (!NAME.test(name)) return `settings.${name}: a name is letters and digits, a small letter first`
    const twin = names.get(variableOf(name))
    if (twin !== undefined) return `settings.${name}: ${twin} would have the same variable`
    names.set(variableOf(name), name)
    const row = describeSetting(declaration)
    if (typeof row === 'string') return `settings.${name}: ${row}`
    schema[name] = row
  }
  return schema
}

/** @returns what is wrong, when it is text */
function describeSetting(declaration: unknown): ServiceRow | string {
  if (!isRecord(declaration)) return 'it is no object { type, default, help }'
  const { type, help, values } = declaration
  const foreign = Object.keys(declaration).find((member) => !MEMBERS.includes(member))
  if (foreign !== undefined) return `${foreign} is no member of a setting; known are ${MEMBERS.join(', ')}`
  if (!isType(type)) return `its type is ${show(type)}; known are ${Object.keys(WRITTEN).join(', ')}`
  if (typeof help !== 'string' || help === '') return 'help is missing: a sentence that says what it is'
  if (type === 'enum' && !isWords(values)) return 'values is missing: the words it may be'
  if (type !== 'enum' && values !== undefined) return 'only an enum has values'
  const basis = { type, help, ...(isWords(values) ? { values } : {}) }
  const bounds = describeBounds(basis, declaration)
  if (typeof bounds === 'string') return bounds
  return addDefault({ ...basis, ...bounds }, declaration.default)
}

function describeBounds(basis: ServiceRow, { min, max }: Declaration): Pick<ServiceRow, 'min' | 'max'> | string {
  const { type } = basis
  const widest = BOUNDS[type]
  if (widest === undefined) return min === undefined && max === undefined ? {} : `a ${type} has neither min nor max`
  const bounds: [number, number] = [...widest]
  for (const [index, bound] of [min, max].entries()) {
    if (bound === undefined) continue
    const value = typeValue({ ...basis, min: widest[0], max: widest[1] }, bound)
    if (typeof value !== 'number') return `${index === 0 ? 'min' : 'max'} is ${show(bound)}, not ${WRITTEN[type]}`
    bounds[index] = value
  }
  if (bounds[0] > bounds[1]) return 'min is more than max'
  return { min: bounds[0], max: bounds[1] }
}

function addDefault(row: ServiceRow, given: unknown): ServiceRow | string {
  if (given === undefined) return row
  if (given === null) return { ...row, default: null }
  const value = typeValue(row, given)
  return value === undefined ? `its default is ${show(given)}, not ${written(row)}` : { ...row, default: value }
}

function written({ type, min = 0, max = 0 }: ServiceRow): string {
  const [least, most] = BOUNDS[type] ?? [min, max]
  return min === least && max === most ? WRITTEN[type] : `${WRITTEN[type]} within min and max`
}

/** @returns undefined when it is not written as its type wants it */
function typeValue(row: ServiceRow, given: unknown): SettingValue | undefined {
  switch (row.type) {
    case 'boolean':
      return typeof given === 'boolean' ? given : undefined
    case 'list':
      return isStrings(given) ? given : undefined
    case 'integer':
      return typeof given === 'number' ? parseText(row, String(given)) : undefined
    case 'path':
      return typeof given === 'string' && given.startsWith('/') ? given : undefined
    default:
      return typeof given === 'string' ? parseText(row, given) : undefined
  }
}

function parseText(row: ServiceRow, text: string): SettingValue | undefined {
  const parsed = parseSetting({ ...row, default: null } as Row, text)
  return isProblem(parsed) ? undefined : parsed.value
}

const isRecord = (value: unknown): value is Declaration =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isType = (value: unknown): value is ServiceRow['type'] =>
  typeof value === 'string' && Object.hasOwn(WRITTEN, value)
const isStrings = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((word) => typeof word === 'string')
const isWords = (value: unknown): value is readonly string[] => isStrings(value) && value.length > 0
const show = (value: unknown): string => JSON.stringify(value) ?? String(value)
