/**
 * Removes the base's need for libatomic.so.1, which stock servers do not have: without it the executable dies in the
 * dynamic loader, before any check of ours can say so.
 *
 * The official x64 build is linked at fixed addresses (ET_EXEC), bound at start (BIND_NOW), and uses a single symbol
 * of that library, through one slot. So: a replacement goes into the zero padding between .plt and .text, the slot's
 * relocation becomes "this address", and the symbol's version, the library's version record and its DT_NEEDED go.
 * Everything the change relies on is checked first, and what is not exactly so is refused by name: a wrong guess
 * would be a crash, or a lost update, on someone's server.
 */

import { MydError } from '../src/errors.ts'
import { COMPARE_EXCHANGE } from './compare-exchange.ts'
import {
  type DynamicSymbol,
  findSymbolsOfVersions,
  type Relocation,
  readRelocations,
  readVersionNeeds,
  type VersionNeed,
} from './dynamic-linking.ts'
import {
  DT,
  DYNAMIC_ENTRY_BYTES,
  type Elf,
  EM_X86_64,
  ET_EXEC,
  fileOffset,
  findDynamic,
  isExecutableAddress,
  listNeededLibraries,
  readDynamicString,
  readElf,
  requireSection,
} from './elf.ts'
import { findOperandProblem } from './operand-size.ts'

export const LIBATOMIC = 'libatomic.so.1'
const SYMBOL = '__atomic_compare_exchange'

const R_X86_64_JUMP_SLOT = 7
const R_X86_64_RELATIVE = 8
const DF_BIND_NOW = 8
const DF_1_NOW = 1

interface Plan {
  readonly needs: readonly VersionNeed[]
  readonly need: VersionNeed
  readonly symbol: DynamicSymbol
  readonly relocation: Relocation
  /** Where the replacement is put. */
  readonly caveAddress: number
}

/**
 * @param base the bytes of an official x64 Node, which are not changed
 * @returns its bytes without the need
 * @throws MydError CHECK_FAILED naming what is not as described above
 */
export function removeLibatomic(base: Buffer): Buffer {
  const plan = planRemoval(readElf(base))
  const elf = readElf(Buffer.from(base))
  placeReplacement(elf, plan)
  dropVersionNeed(elf, plan)
  dropNeededLibrary(elf)
  return elf.bytes
}

function refuse(what: string): never {
  throw new MydError('CHECK_FAILED', `libatomic cannot be removed from the base: ${what}`, {
    hint: 'the base is not the one this step was written for; look at it before changing build/remove-libatomic.ts',
  })
}

function planRemoval(elf: Elf): Plan {
  if (elf.machine !== EM_X86_64) refuse(`its machine is ${elf.machine}, not x86-64`)
  if (elf.type !== ET_EXEC) refuse(`its type is ${elf.type}, not ET_EXEC: it is not linked at fixed addresses`)
  if (!isBoundAtStart(elf)) refuse('it is not linked with BIND_NOW')
  if (!listNeededLibraries(elf).includes(LIBATOMIC)) refuse('it does not need it')
  const needs = readVersionNeeds(elf)
  const need = findOnly(needs, (each) => each.library === LIBATOMIC, `version record of ${LIBATOMIC}`)
  if (needs.length === 1) refuse(`${LIBATOMIC} is the only library with versions`)
  const symbol = findOnly(findSymbolsOfVersions(elf, need.versions), () => true, `symbol of ${LIBATOMIC}`)
  if (symbol.name !== SYMBOL || symbol.isDefined) refuse(`its symbol is ${symbol.name}, not an undefined ${SYMBOL}`)
  const relocation = findOnly(readRelocations(elf), (each) => each.symbol === symbol.index, `relocation to ${SYMBOL}`)
  if (relocation.type !== R_X86_64_JUMP_SLOT) refuse(`the relocation has type ${relocation.type}, not JUMP_SLOT`)
  if (relocation.table !== 'jmprel' || relocation.addend !== 0n) refuse('the relocation is not a plain PLT slot')
  const problem = findOperandProblem(elf, relocation.target)
  if (problem !== null) refuse(problem)
  return { needs, need, symbol, relocation, caveAddress: findCave(elf) }
}

function isBoundAtStart(elf: Elf): boolean {
  const flags = findDynamic(elf, DT.flags) ?? 0
  const flags1 = findDynamic(elf, DT.flags1) ?? 0
  return (flags & DF_BIND_NOW) !== 0 || (flags1 & DF_1_NOW) !== 0
}

function findOnly<T>(all: readonly T[], matches: (each: T) => boolean, what: string): T {
  const found = all.filter(matches)
  const [only] = found
  if (only === undefined || found.length > 1) refuse(`${found.length} times a ${what}, not once`)
  return only
}

/**
 * The padding between .plt and .text: loaded, executable, and nobody's. Every byte of it must be zero. (There is room
 * behind .text too, but the injection puts its program headers there.)
 */
function findCave(elf: Elf): number {
  const plt = requireSection(elf, '.plt')
  const text = requireSection(elf, '.text')
  const start = (plt.address + plt.bytes + 15) & ~15
  if (text.address - start < COMPARE_EXCHANGE.length) refuse('there is no room between .plt and .text')
  if (!isExecutableAddress(elf, start)) refuse('the room between .plt and .text is not executable')
  const padding = elf.bytes.subarray(fileOffset(elf, start), fileOffset(elf, text.address))
  if (padding.some((byte) => byte !== 0)) refuse('the room between .plt and .text is not all zero')
  return start
}

function placeReplacement(elf: Elf, plan: Plan): void {
  COMPARE_EXCHANGE.copy(elf.bytes, fileOffset(elf, plan.caveAddress))
  const address = BigInt(plan.caveAddress)
  elf.bytes.writeUInt32LE(R_X86_64_RELATIVE, plan.relocation.offset + 8)
  elf.bytes.writeUInt32LE(0, plan.relocation.offset + 12)
  elf.bytes.writeBigInt64LE(address, plan.relocation.offset + 16)
  elf.bytes.writeBigUInt64LE(address, fileOffset(elf, plan.relocation.target))
}

/**
 * Unlinks the record from its chain. The first record is where DT_VERNEED and the section header point, so when it is
 * that one, its successor is copied over it, its distances lengthened: both keep pointing at the chain's start.
 */
function dropVersionNeed(elf: Elf, { needs, need, symbol }: Plan): void {
  const position = needs.indexOf(need)
  const previous = needs[position - 1]
  const successor = needs[position + 1]
  if (previous !== undefined) {
    elf.bytes.writeUInt32LE(successor === undefined ? 0 : previous.next + need.next, previous.offset + 12)
  } else if (successor !== undefined) {
    elf.bytes.copy(elf.bytes, need.offset, successor.offset, successor.offset + 16)
    elf.bytes.writeUInt32LE(successor.firstVersion + need.next, need.offset + 8)
    elf.bytes.writeUInt32LE(successor.next === 0 ? 0 : successor.next + need.next, need.offset + 12)
  }
  elf.bytes.writeUInt32LE(needs.length - 1, requireSection(elf, '.gnu.version_r').headerOffset + 44)
  elf.bytes.writeUInt16LE(0, symbol.versionOffset)
}

function dropNeededLibrary(elf: Elf): void {
  const kept = elf.dynamic
    .filter((entry) => entry.tag !== DT.needed || readDynamicString(elf, entry.value) !== LIBATOMIC)
    .map((entry) => (entry.tag === DT.verneedNum ? { ...entry, value: entry.value - 1 } : entry))
  for (let index = 0; index < elf.dynamic.length; index += 1) {
    const entry = kept[index] ?? { tag: DT.null, value: 0 }
    const at = elf.dynamicOffset + index * DYNAMIC_ENTRY_BYTES
    elf.bytes.writeBigUInt64LE(BigInt(entry.tag), at)
    elf.bytes.writeBigUInt64LE(BigInt(entry.value), at + 8)
  }
}
