/** A line of a client, checked field by field: what comes over a socket may be anything. */

import { JOB_STATES, type JobState } from './job.ts'
import {
  asId,
  asText,
  BATCH_LIMIT,
  bad,
  type Fields,
  integer,
  isCount,
  isDuration,
  isInteger,
  isPositive,
  isText,
  isUmask,
  listOf,
  objectOf,
  optional,
  show,
  text,
} from './request-field.ts'
import {
  DURATION_LIMIT_MS,
  type Lease,
  LIST_LIMIT,
  type ListFilter,
  type NewJob,
  type Operation,
  type RunReport,
} from './wire.ts'

/** What the sender calls its request; given back with the answer. */
export type RequestId = number | string | null

export interface Request {
  readonly id: RequestId
  readonly operation: Operation
}

/** The id of a request, also of one that is wrong otherwise, so that the error finds its way. */
export function readRequestId(fields: Fields | null): RequestId {
  const id = fields?.id
  return typeof id === 'number' || typeof id === 'string' ? id : null
}

/** @throws Refusal bad-request, naming the field */
export function parseRequest(fields: Fields): Request {
  const { op } = fields
  if (typeof op !== 'string' || !Object.hasOwn(PARSERS, op)) {
    throw bad(`op is ${show(op)}; known: ${Object.keys(PARSERS).join(', ')}`)
  }
  return { id: readRequestId(fields), operation: PARSERS[op as Operation['op']](fields) }
}

const PARSERS: Readonly<Record<Operation['op'], (fields: Fields) => Operation>> = {
  add: (fields) => ({ op: 'add', jobs: listOf(fields, 'jobs', toNewJob), ...optional(fields, 'token', isText) }),
  attach: (fields) => ({
    op: 'attach',
    worker: text(fields, 'worker'),
    types: listOf(fields, 'types', asText),
    held: listOf(fields, 'held', toLease),
  }),
  take: (fields) => ({ op: 'take', n: integer(fields, 'n', 1, BATCH_LIMIT) }),
  finish: (fields) => ({ op: 'finish', reports: listOf(fields, 'reports', toReport) }),
  release: (fields) => ({ op: 'release', leases: listOf(fields, 'leases', toLease), stop: fields.stop === true }),
  cancel: (fields) => ({ op: 'cancel', jobs: listOf(fields, 'jobs', asId) }),
  retry: (fields) => ({ op: 'retry', jobs: listOf(fields, 'jobs', asId) }),
  retryBuried: () => ({ op: 'retryBuried' }),
  show: (fields) => ({ op: 'show', job: integer(fields, 'job', 1, Number.MAX_SAFE_INTEGER) }),
  list: (fields) => ({ op: 'list', filter: toFilter(objectOf(fields.filter, 'filter')) }),
  stats: () => ({ op: 'stats' }),
  wait: (fields) => ({ op: 'wait', jobs: listOf(fields, 'jobs', asId) }),
  waitAll: () => ({ op: 'waitAll' }),
}

function toNewJob(value: unknown): NewJob {
  const fields = objectOf(value, 'a job')
  return {
    type: text(fields, 'type'),
    ...optional(fields, 'payload', isText),
    ...(fields.command === undefined ? {} : { command: listOf(fields, 'command', asText) }),
    ...optional(fields, 'priority', isInteger),
    ...optional(fields, 'key', isText),
    ...optional(fields, 'delayMs', isDuration),
    ...optional(fields, 'attempts', isPositive),
    ...optional(fields, 'timeoutMs', isDuration),
    ...optional(fields, 'directory', isText),
    ...optional(fields, 'umask', isUmask),
  }
}

function toLease(value: unknown): Lease {
  const fields = objectOf(value, 'a lease')
  return { job: integer(fields, 'job', 1, Number.MAX_SAFE_INTEGER), attempt: integer(fields, 'attempt', 1, 2 ** 31) }
}

const OUTCOMES: readonly string[] = ['succeeded', 'failed', 'interrupted'] satisfies RunReport['outcome'][]

function toReport(value: unknown): RunReport {
  const fields = objectOf(value, 'a report')
  const { outcome, exitCode, signal } = fields
  if (typeof outcome !== 'string' || !OUTCOMES.includes(outcome)) throw bad(`outcome is ${show(outcome)}`)
  return {
    ...toLease(value),
    outcome: outcome as RunReport['outcome'],
    exitCode: isInteger(exitCode) ? exitCode : null,
    signal: isText(signal) ? signal : null,
    durationMs: toDuration(fields.durationMs),
    reason: isText(fields.reason) ? fields.reason : '',
    output: isText(fields.output) ? fields.output : '',
  }
}

/** The run is over, however long it is said to have taken: this is no reason to refuse its result. */
function toDuration(value: unknown): number {
  return Math.round(Math.min(Math.max(Number(value) || 0, 0), DURATION_LIMIT_MS))
}

const isJobState = (value: unknown): value is JobState => JOB_STATES.includes(value as JobState)

function toFilter(fields: Fields): ListFilter {
  return {
    ...optional(fields, 'state', isJobState),
    ...optional(fields, 'type', isText),
    ...optional(fields, 'before', isCount),
    limit: integer(fields, 'limit', 1, LIST_LIMIT),
  }
}
