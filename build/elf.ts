/**
 * Reads the parts of a 64-bit little-endian ELF file that the build looks at. Pure: bytes in, values out; nothing is
 * changed and nothing is guessed. Layout: elf(5), and the GNU version sections of the Linux Standard Base.
 */

import { MydError } from '../src/errors.ts'

export const ET_EXEC = 2
export const EM_X86_64 = 62
export const PT_LOAD = 1
export const PT_DYNAMIC = 2
export const PF_X = 1

export const DT = {
  null: 0,
  needed: 1,
  pltRelSize: 2,
  strtab: 5,
  symtab: 6,
  rela: 7,
  relaSize: 8,
  jmpRel: 23,
  flags: 30,
  versym: 0x6fff_fff0,
  flags1: 0x6fff_fffb,
  verneed: 0x6fff_fffe,
  verneedNum: 0x6fff_ffff,
} as const

export interface Segment {
  readonly type: number
  readonly flags: number
  readonly offset: number
  readonly address: number
  readonly fileBytes: number
}

export interface Section {
  readonly name: string
  readonly address: number
  readonly offset: number
  readonly bytes: number
  /** Where its own header lies in the file. */
  readonly headerOffset: number
}

export interface DynamicEntry {
  readonly tag: number
  readonly value: number
}

export interface Elf {
  readonly bytes: Buffer
  readonly type: number
  readonly machine: number
  readonly segments: readonly Segment[]
  readonly sections: readonly Section[]
  /** Up to and including the first DT_NULL. */
  readonly dynamic: readonly DynamicEntry[]
  /** Where the dynamic entries lie in the file, 16 bytes each. */
  readonly dynamicOffset: number
}

export const DYNAMIC_ENTRY_BYTES = 16
const MAGIC = Buffer.from('\x7fELF\x02\x01', 'latin1')

/** @throws MydError CHECK_FAILED when the bytes are not a 64-bit little-endian ELF file with a dynamic segment. */
export function readElf(bytes: Buffer): Elf {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new MydError('CHECK_FAILED', 'the file is not a 64-bit little-endian ELF file')
  }
  const segments = readSegments(bytes)
  const dynamicSegment = segments.find((segment) => segment.type === PT_DYNAMIC)
  if (dynamicSegment === undefined) throw new MydError('CHECK_FAILED', 'the ELF file has no dynamic segment')
  return {
    bytes,
    type: bytes.readUInt16LE(16),
    machine: bytes.readUInt16LE(18),
    segments,
    sections: readSections(bytes),
    dynamic: readDynamic(bytes, dynamicSegment),
    dynamicOffset: dynamicSegment.offset,
  }
}

function readSegments(bytes: Buffer): Segment[] {
  const table = readU64(bytes, 32)
  const entryBytes = bytes.readUInt16LE(54)
  return Array.from({ length: bytes.readUInt16LE(56) }, (_, index) => {
    const at = table + index * entryBytes
    return {
      type: bytes.readUInt32LE(at),
      flags: bytes.readUInt32LE(at + 4),
      offset: readU64(bytes, at + 8),
      address: readU64(bytes, at + 16),
      fileBytes: readU64(bytes, at + 32),
    }
  })
}

function readSections(bytes: Buffer): Section[] {
  const table = readU64(bytes, 40)
  const entryBytes = bytes.readUInt16LE(58)
  const names = readU64(bytes, table + bytes.readUInt16LE(62) * entryBytes + 24)
  return Array.from({ length: bytes.readUInt16LE(60) }, (_, index) => {
    const at = table + index * entryBytes
    return {
      name: readCString(bytes, names + bytes.readUInt32LE(at)),
      address: readU64(bytes, at + 16),
      offset: readU64(bytes, at + 24),
      bytes: readU64(bytes, at + 32),
      headerOffset: at,
    }
  })
}

function readDynamic(bytes: Buffer, segment: Segment): DynamicEntry[] {
  const entries: DynamicEntry[] = []
  for (let at = segment.offset; at < segment.offset + segment.fileBytes; at += DYNAMIC_ENTRY_BYTES) {
    const entry = { tag: readU64(bytes, at), value: readU64(bytes, at + 8) }
    entries.push(entry)
    if (entry.tag === DT.null) break
  }
  return entries
}

/** Where the byte that is loaded at `address` lies in the file. @throws MydError when no segment loads it. */
export function fileOffset(elf: Elf, address: number): number {
  const segment = elf.segments.find((each) => each.type === PT_LOAD && contains(each, address))
  if (segment === undefined) throw new MydError('CHECK_FAILED', `no segment loads address 0x${address.toString(16)}`)
  return segment.offset + address - segment.address
}

function contains(segment: Segment, address: number): boolean {
  return segment.address <= address && address < segment.address + segment.fileBytes
}

export function isExecutableAddress(elf: Elf, address: number): boolean {
  return elf.segments.some((each) => each.type === PT_LOAD && (each.flags & PF_X) !== 0 && contains(each, address))
}

/** The value of the first entry with this tag, or null. */
export function findDynamic(elf: Elf, tag: number): number | null {
  return elf.dynamic.find((entry) => entry.tag === tag)?.value ?? null
}

/** @throws MydError CHECK_FAILED when the file has no entry with this tag. */
export function requireDynamic(elf: Elf, tag: number): number {
  const value = findDynamic(elf, tag)
  if (value === null) throw new MydError('CHECK_FAILED', `the ELF file has no dynamic entry 0x${tag.toString(16)}`)
  return value
}

/** @throws MydError CHECK_FAILED when the file has no section of this name. */
export function requireSection(elf: Elf, name: string): Section {
  const section = elf.sections.find((each) => each.name === name)
  if (section === undefined) throw new MydError('CHECK_FAILED', `the ELF file has no section ${name}`)
  return section
}

/** A name of the dynamic string table. */
export function readDynamicString(elf: Elf, index: number): string {
  return readCString(elf.bytes, fileOffset(elf, requireDynamic(elf, DT.strtab)) + index)
}

/** The shared libraries that the file asks the dynamic loader for (DT_NEEDED), in order. */
export function listNeededLibraries(elf: Elf): string[] {
  return elf.dynamic.filter((entry) => entry.tag === DT.needed).map((entry) => readDynamicString(elf, entry.value))
}

export function readU64(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64LE(at))
}

function readCString(bytes: Buffer, at: number): string {
  return bytes.toString('latin1', at, bytes.indexOf(0, at))
}
