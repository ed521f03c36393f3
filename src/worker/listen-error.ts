/** Why a server cannot listen, in the words and with the fields that Node has for it. */
import { getSystemErrorMap } from 'node:util'
import { messageOf } from '../errors.ts'
import type { ClusterQuery } from './cluster-query.ts'

/**
 * @param errno as libuv has it, negative
 * @returns `listen EADDRINUSE: address already in use 127.0.0.1:80`; `cause` is what the master said
 */
export function createListenError({ address, port, addressType }: ClusterQuery, errno: number, cause: unknown): Error {
  const [code, text] = getSystemErrorMap().get(errno) ?? ['EINVAL', messageOf(cause)]
  const where = addressType === -1 ? (address ?? '') : `${address ?? '::'}:${port}`
  const error = new Error(`listen ${code}: ${text} ${where}`, { cause })
  const place = addressType === -1 ? { address } : { address: address ?? '::', port }
  return Object.assign(error, { code, errno, syscall: 'listen', ...place })
}
