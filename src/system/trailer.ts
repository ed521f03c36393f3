/**
 * The trailer of an executable: 128 bytes behind the end of the ELF file that let anyone check the whole file.
 *
 *     0  magic "MYDTRAIL"    8  format version, u32    12  bytes of the trailer, u32    16  bytes before it, u64
 *    24  SHA-256 of everything before it               56  kind of signature, u32 (0: none)    60  zero, u32
 *    64  64 bytes for a signature (zero when there is none)
 *
 * Little-endian. The format outlives the program: a change that a reader of version 1 would misread raises the version;
 * the magic, the version and the size keep their places for ever. The digest finds damage, not malice: who can change the
 * file can also write a new digest; that is what the signature is for.
 */

import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'

const MAGIC = Buffer.from('MYDTRAIL', 'latin1')
const VERSION = 1
export const TRAILER_BYTES = 128
const DIGEST_BYTES = 32
const CHUNK_BYTES = 1024 * 1024

/** The header of a 64-bit little-endian ELF file; elf(5). */
const ELF_MAGIC = Buffer.from('\x7fELF\x02\x01', 'latin1')
const ELF_HEADER_BYTES = 64

/** What is wrong with a file. `missing`: it never had a trailer, or lost exactly its end. */
export type TrailerFault = 'missing' | 'truncated' | 'changed' | 'unknown-version'

export type TrailerVerdict =
  | { readonly ok: true; readonly sha256: string; readonly contentBytes: number }
  | { readonly ok: false; readonly fault: TrailerFault; readonly message: string }

/** @param sha256 digest of everything before the trailer, 32 bytes */
export function encodeTrailer(contentBytes: number, sha256: Buffer): Buffer {
  const trailer = Buffer.alloc(TRAILER_BYTES)
  MAGIC.copy(trailer)
  trailer.writeUInt32LE(VERSION, 8)
  trailer.writeUInt32LE(TRAILER_BYTES, 12)
  trailer.writeBigUInt64LE(BigInt(contentBytes), 16)
  sha256.copy(trailer, 24)
  return trailer
}

/**
 * Reads the whole file once, a megabyte at a time. `/proc/self/exe` is the running program, also after its file was replaced.
 * @throws the error of the system when the file cannot be read
 */
export async function verifyTrailer(path: string): Promise<TrailerVerdict> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const end = await readRange(file, Math.max(0, size - 2 * TRAILER_BYTES), Math.min(size, 2 * TRAILER_BYTES))
    const found = findTrailer(end, size)
    if (!found.ok) return found.fault === 'missing' ? ((await findCut(file, size)) ?? found) : found
    const sha256 = await digestContent(file, found.contentBytes)
    return sha256 === found.sha256 ? found : fault('changed', 'its bytes are not the ones its trailer was made for')
  } finally {
    await file.close()
  }
}

/** SHA-256 of the first bytes of a file, in hex. */
export async function digestContent(file: FileHandle, contentBytes: number): Promise<string> {
  const hash = createHash('sha256')
  const chunk = Buffer.alloc(CHUNK_BYTES)
  for (let at = 0; at < contentBytes; ) {
    const { bytesRead } = await file.read(chunk, 0, Math.min(CHUNK_BYTES, contentBytes - at), at)
    if (bytesRead === 0) break
    hash.update(chunk.subarray(0, bytesRead))
    at += bytesRead
  }
  return hash.digest('hex')
}

/** @param end the last bytes of the file, two trailers long if the file is; @param fileBytes of the whole file */
function findTrailer(end: Buffer, fileBytes: number): TrailerVerdict {
  const at = end.lastIndexOf(MAGIC)
  if (at < 0) return fault('missing', 'it has no trailer: it was cut off, or it was not made by the build')
  const left = end.length - at
  if (left < TRAILER_BYTES) return fault('truncated', `its last ${TRAILER_BYTES - left} bytes are missing`)
  if (left > TRAILER_BYTES) return fault('changed', `${left - TRAILER_BYTES} bytes follow its trailer`)
  if (end.readUInt32LE(at + 8) !== VERSION || end.readUInt32LE(at + 12) !== TRAILER_BYTES) {
    return fault(
      'unknown-version',
      `its trailer has version ${end.readUInt32LE(at + 8)}, which this program cannot read`,
    )
  }
  if (end.readUInt32LE(at + 56) !== 0)
    return fault('unknown-version', 'its signature is of a kind unknown to this program')
  if (end.subarray(at + 60).some((byte) => byte !== 0)) return fault('changed', 'its trailer was changed')
  const contentBytes = Number(end.readBigUInt64LE(at + 16))
  const difference = fileBytes - TRAILER_BYTES - contentBytes
  if (difference < 0) return fault('truncated', `${-difference} bytes are missing from it`)
  if (difference > 0) return fault('changed', `${difference} bytes were put into it`)
  return { ok: true, contentBytes, sha256: end.toString('hex', at + 24, at + 24 + DIGEST_BYTES) }
}

/** Whether a file without trailer is an ELF file that ends before its own table of sections does. */
async function findCut(file: FileHandle, fileBytes: number): Promise<TrailerVerdict | null> {
  const header = await readRange(file, 0, ELF_HEADER_BYTES)
  if (header.length < ELF_HEADER_BYTES || !header.subarray(0, ELF_MAGIC.length).equals(ELF_MAGIC)) return null
  const end = Number(header.readBigUInt64LE(40)) + header.readUInt16LE(58) * header.readUInt16LE(60)
  return end > fileBytes ? fault('truncated', `at least ${end - fileBytes} bytes are missing from its end`) : null
}

function fault(kind: TrailerFault, message: string): TrailerVerdict {
  return { ok: false, fault: kind, message }
}

async function readRange(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at)
  return buffer.subarray(0, bytesRead)
}
