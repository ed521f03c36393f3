import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { before, test } from 'node:test'
import { locateBase } from './base.ts'
import { findSymbolsOfVersions, readRelocations, readVersionNeeds } from './dynamic-linking.ts'
import { DT, DYNAMIC_ENTRY_BYTES, type Elf, fileOffset, listNeededLibraries, readElf, requireSection } from './elf.ts'
import { LIBATOMIC, removeLibatomic } from './remove-libatomic.ts'

const skip = process.arch === 'x64' ? false : 'libatomic is removed on x64 only'
let elf: Elf

before(() => {
  if (skip === false) elf = readElf(readFileSync(locateBase(process.cwd()).path))
})

/** Overwrites bytes of the base for as long as one refusal is looked at. */
function withBytes(at: number, replacement: Buffer, look: () => void): void {
  const original = Buffer.from(elf.bytes.subarray(at, at + replacement.length))
  replacement.copy(elf.bytes, at)
  try {
    look()
  } finally {
    original.copy(elf.bytes, at)
  }
}

function assertRefused(at: number, replacement: Buffer, reason: RegExp): void {
  withBytes(at, replacement, () => assert.throws(() => removeLibatomic(elf.bytes), reason))
}

/** The symbol's index, where its relocation lies in the file, and the address that it fills. */
function findTarget(): { symbol: number; relocation: number; slot: number } {
  const need = readVersionNeeds(elf).find((each) => each.library === LIBATOMIC)
  const [symbol] = findSymbolsOfVersions(elf, need?.versions ?? [])
  const relocation = readRelocations(elf).find((each) => each.symbol === symbol?.index)
  assert.ok(symbol !== undefined && relocation !== undefined)
  return { symbol: symbol.index, relocation: relocation.offset, slot: relocation.target }
}

test('the base needs libatomic before and not after, and no symbol and no relocation speaks of it', { skip }, () => {
  assert.ok(listNeededLibraries(elf).includes(LIBATOMIC))
  const { symbol } = findTarget()
  const after = readElf(removeLibatomic(elf.bytes))
  assert.deepEqual(
    listNeededLibraries(after),
    listNeededLibraries(elf).filter((library) => library !== LIBATOMIC),
  )
  assert.deepEqual(
    readVersionNeeds(after).map((need) => need.library),
    readVersionNeeds(elf)
      .map((need) => need.library)
      .filter((library) => library !== LIBATOMIC),
  )
  assert.ok(readRelocations(after).every((relocation) => relocation.symbol !== symbol))
})

test('a second time is refused: there is nothing to remove', { skip }, () => {
  assert.throws(() => removeLibatomic(removeLibatomic(elf.bytes)), /it does not need it/)
})

test('a base that is not ELF is refused', () => {
  assert.throws(() => removeLibatomic(Buffer.alloc(64)), /not a 64-bit little-endian ELF file/)
})

test('a base for another machine, or position-independent, is refused', { skip }, () => {
  assertRefused(18, Buffer.from([183, 0]), /machine is 183/)
  assertRefused(16, Buffer.from([3, 0]), /not ET_EXEC/)
})

test('a base that binds lazily is refused', { skip }, () => {
  const first = elf.dynamic.findIndex((entry) => entry.tag === DT.flags)
  const at = elf.dynamicOffset + first * DYNAMIC_ENTRY_BYTES
  assert.equal(elf.dynamic[first + 1]?.tag, DT.flags1)
  const cleared = Buffer.from(elf.bytes.subarray(at, at + 2 * DYNAMIC_ENTRY_BYTES))
  cleared.writeBigUInt64LE(0n, 8)
  cleared.writeBigUInt64LE(0n, DYNAMIC_ENTRY_BYTES + 8)
  assertRefused(at, cleared, /BIND_NOW/)
})

test('a second symbol of libatomic is refused', { skip }, () => {
  const need = readVersionNeeds(elf).find((each) => each.library === LIBATOMIC)
  const versions = fileOffset(elf, elf.dynamic.find((entry) => entry.tag === DT.versym)?.value ?? 0)
  const version = Buffer.alloc(2)
  version.writeUInt16LE(need?.versions[0] ?? 0)
  assertRefused(versions + 2, version, /2 times a symbol/)
})

test('another relocation to the symbol, or one of another kind, is refused', { skip }, () => {
  const { relocation, symbol } = findTarget()
  const other = readRelocations(elf)[0]
  assert.ok(other !== undefined)
  const index = Buffer.alloc(4)
  index.writeUInt32LE(symbol)
  assertRefused(other.offset + 12, index, /2 times a relocation/)
  assertRefused(relocation + 8, Buffer.from([6]), /type 6, not JUMP_SLOT/)
})

test('padding that something lies in is refused', { skip }, () => {
  const text = requireSection(elf, '.text')
  assertRefused(text.offset - 1, Buffer.from([0xcc]), /not all zero/)
})

test('a call with another operand size is refused', { skip }, () => {
  const text = requireSection(elf, '.text')
  const code = elf.bytes.subarray(text.offset, text.offset + text.bytes)
  const size = code.lastIndexOf(SET_SIZE, findCallTo(code, findPltEntry() - text.address))
  assertRefused(text.offset + size + 1, Buffer.from([16]), /does not pass size 8/)
})

/** `mov edi, 8` */
const SET_SIZE = Buffer.from('bf08000000', 'hex')

/** The file is small enough in .plt to ask each entry where it leads. */
function findPltEntry(): number {
  const plt = requireSection(elf, '.plt')
  const slot = findTarget().slot
  for (let at = 0; at < plt.bytes; at += 16) {
    if (plt.address + at + 6 + elf.bytes.readInt32LE(plt.offset + at + 2) === slot) return plt.address + at
  }
  throw new Error('no PLT entry')
}

function findCallTo(code: Buffer, target: number): number {
  for (let at = code.indexOf(0xe8); at >= 0; at = code.indexOf(0xe8, at + 1)) {
    if (at + 5 + code.readInt32LE(at + 1) === target) return at
  }
  throw new Error('no call')
}
