/** What the store refused, as an error of the command line. */
import { type ErrorCode, MydError } from '../errors.ts'
import type { WireError, WireErrorCode } from './wire.ts'

const CODES: Readonly<Record<WireErrorCode, ErrorCode>> = {
  'bad-request': 'USAGE',
  'unknown-type': 'USAGE',
  'too-long': 'USAGE',
  'not-found': 'JOB_FAILED',
  'not-attached': 'BUG',
  superseded: 'BUG',
  storage: 'CANNOT_CREATE',
  busy: 'NOT_RUNNING',
}

export function toMydError({ code, message, hint }: WireError): MydError {
  return new MydError(CODES[code], message, hint === undefined ? {} : { hint })
}
