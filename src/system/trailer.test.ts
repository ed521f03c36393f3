import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { encodeTrailer, TRAILER_BYTES, type TrailerFault, verifyTrailer } from './trailer.ts'

const content = Buffer.alloc(3_000_000, 'the quick brown fox ')
const digest = createHash('sha256').update(content).digest()
const whole = Buffer.concat([content, encodeTrailer(content.length, digest)])

let directory: string
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'myd-trailer-'))
})
after(() => rmSync(directory, { recursive: true }))

async function verify(bytes: Buffer) {
  const path = join(directory, 'file')
  writeFileSync(path, bytes)
  return await verifyTrailer(path)
}

test('a whole file is good, and its digest is told', async () => {
  assert.deepEqual(await verify(whole), { ok: true, contentBytes: content.length, sha256: digest.toString('hex') })
})

function changed(at: number): Buffer {
  const bytes = Buffer.from(whole)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  return bytes
}

/** The header of an ELF file whose table of sections begins at `sectionTable`. */
function elfHeader(sectionTable: number): Buffer {
  const header = Buffer.alloc(64)
  header.write('\x7fELF\x02\x01', 'latin1')
  header.writeBigUInt64LE(BigInt(sectionTable), 40)
  return header
}

const faults: readonly (readonly [what: string, bytes: Buffer, fault: TrailerFault])[] = [
  ['an empty file', Buffer.alloc(0), 'missing'],
  ['a file without trailer', content, 'missing'],
  ['a file cut in the middle', whole.subarray(0, 1_500_000), 'missing'],
  ['a file without its last byte', whole.subarray(0, -1), 'truncated'],
  ['a file with half a trailer', whole.subarray(0, -TRAILER_BYTES / 2), 'truncated'],
  ['a file that lost its first byte', whole.subarray(1), 'truncated'],
  ['a byte behind the trailer', Buffer.concat([whole, Buffer.from([0])]), 'changed'],
  ['a byte put in front', Buffer.concat([Buffer.from([0]), whole]), 'changed'],
  ['the first byte flipped', changed(0), 'changed'],
  ['the last byte of the content flipped', changed(content.length - 1), 'changed'],
  ['a byte of the digest flipped', changed(content.length + 24), 'changed'],
  ['a byte of the signature flipped', changed(whole.length - 1), 'changed'],
  ['a signature of another kind', changed(content.length + 56), 'unknown-version'],
  ['an ELF file cut in the middle', elfHeader(whole.length), 'truncated'],
  ['a byte of the magic flipped', changed(content.length), 'missing'],
  ['another version', changed(content.length + 8), 'unknown-version'],
]

for (const [what, bytes, fault] of faults) {
  test(`${what}: ${fault}`, async () => {
    const verdict = await verify(bytes)
    assert.equal(verdict.ok, false)
    assert.equal(verdict.ok ? null : verdict.fault, fault)
  })
}
