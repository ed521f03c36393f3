/** The tables by which the dynamic loader binds symbols to libraries: symbols, relocations and version needs. Pure. */

import {
  DT,
  type Elf,
  fileOffset,
  findDynamic,
  readDynamicString,
  readU64,
  requireDynamic,
  requireSection,
} from './elf.ts'

export const RELOCATION_BYTES = 24
const SYMBOL_BYTES = 24

export interface DynamicSymbol {
  readonly index: number
  readonly name: string
  readonly isDefined: boolean
  /** Where its entry of the version table lies in the file, 2 bytes. */
  readonly versionOffset: number
  /** Index of its version; the top bit (hidden) removed. */
  readonly version: number
}

export interface Relocation {
  /** Where the entry lies in the file. */
  readonly offset: number
  readonly table: 'rela' | 'jmprel'
  readonly type: number
  readonly symbol: number
  /** The address that it fills in. */
  readonly target: number
  readonly addend: bigint
}

/** What the file needs of one library, by version names (one record of .gnu.version_r). */
export interface VersionNeed {
  /** Where the record lies in the file. */
  readonly offset: number
  readonly library: string
  /** Indices that symbols of this library carry. */
  readonly versions: readonly number[]
  /** Bytes from this record to its first version. */
  readonly firstVersion: number
  /** Bytes from this record to the next; 0 for the last. */
  readonly next: number
}

export function readSymbol(elf: Elf, index: number): DynamicSymbol {
  const at = fileOffset(elf, requireDynamic(elf, DT.symtab)) + index * SYMBOL_BYTES
  const versionOffset = fileOffset(elf, requireDynamic(elf, DT.versym)) + index * 2
  return {
    index,
    name: readDynamicString(elf, elf.bytes.readUInt32LE(at)),
    isDefined: elf.bytes.readUInt16LE(at + 6) !== 0,
    versionOffset,
    version: elf.bytes.readUInt16LE(versionOffset) & 0x7fff,
  }
}

/** The dynamic symbols that carry one of these versions. */
export function findSymbolsOfVersions(elf: Elf, versions: readonly number[]): DynamicSymbol[] {
  const table = fileOffset(elf, requireDynamic(elf, DT.versym))
  const count = requireSection(elf, '.dynsym').bytes / SYMBOL_BYTES
  const found: DynamicSymbol[] = []
  for (let index = 0; index < count; index += 1) {
    if (versions.includes(elf.bytes.readUInt16LE(table + index * 2) & 0x7fff)) found.push(readSymbol(elf, index))
  }
  return found
}

/** Every relocation of both tables. */
export function readRelocations(elf: Elf): Relocation[] {
  return [
    ...readRelocationTable(elf, 'rela', DT.rela, DT.relaSize),
    ...readRelocationTable(elf, 'jmprel', DT.jmpRel, DT.pltRelSize),
  ]
}

function readRelocationTable(elf: Elf, table: Relocation['table'], addressTag: number, sizeTag: number): Relocation[] {
  const address = findDynamic(elf, addressTag)
  if (address === null) return []
  const start = fileOffset(elf, address)
  return Array.from({ length: requireDynamic(elf, sizeTag) / RELOCATION_BYTES }, (_, index) => {
    const offset = start + index * RELOCATION_BYTES
    return {
      offset,
      table,
      target: readU64(elf.bytes, offset),
      type: elf.bytes.readUInt32LE(offset + 8),
      symbol: elf.bytes.readUInt32LE(offset + 12),
      addend: elf.bytes.readBigInt64LE(offset + 16),
    }
  })
}

/** The records of .gnu.version_r, in the order of their chain. */
export function readVersionNeeds(elf: Elf): VersionNeed[] {
  const needs: VersionNeed[] = []
  let offset = fileOffset(elf, requireDynamic(elf, DT.verneed))
  for (let left = requireDynamic(elf, DT.verneedNum); left > 0; left -= 1) {
    const firstVersion = elf.bytes.readUInt32LE(offset + 8)
    const next = elf.bytes.readUInt32LE(offset + 12)
    needs.push({
      offset,
      library: readDynamicString(elf, elf.bytes.readUInt32LE(offset + 4)),
      versions: readVersions(elf.bytes, offset + firstVersion, elf.bytes.readUInt16LE(offset + 2)),
      firstVersion,
      next,
    })
    offset += next
  }
  return needs
}

function readVersions(bytes: Buffer, first: number, count: number): number[] {
  const versions: number[] = []
  for (let at = first, left = count; left > 0; left -= 1) {
    versions.push(bytes.readUInt16LE(at + 6))
    at += bytes.readUInt32LE(at + 12)
  }
  return versions
}
