/**
 * Proves that every call to the replaced function passes the operand size that the replacement is built for: finds
 * the calls in .text and looks for `mov edi, 8` in the few instructions that set up the arguments.
 */

import { COMPARE_EXCHANGE_BYTES } from './compare-exchange.ts'
import { type Elf, requireSection } from './elf.ts'

const CALL = 0xe8
const JUMP = 0xe9
const BRANCH_BYTES = 5

/** `jmp [rip + distance]` and `call [rip + distance]`. */
const INDIRECT_JUMP = Buffer.from('ff25', 'hex')
const INDIRECT_CALL = Buffer.from('ff15', 'hex')
const INDIRECT_BYTES = 6
const PLT_ENTRY_BYTES = 16

/** `mov edi, imm32`, the first argument. */
const SET_SIZE = Buffer.from([0xbf, COMPARE_EXCHANGE_BYTES, 0, 0, 0])
/** The longest distance from it to the call: four more arguments, at most 8 bytes each. */
const SET_UP_BYTES = 40

/**
 * @param slot address of the slot through which the function is called
 * @returns what is not as expected, or null
 */
export function findOperandProblem(elf: Elf, slot: number): string | null {
  const entry = findPltEntry(elf, slot)
  if (entry === null) return 'no PLT entry jumps through its slot'
  const text = requireSection(elf, '.text')
  const code = elf.bytes.subarray(text.offset, text.offset + text.bytes)
  if (findIndirectBranch(code, text.address, slot, INDIRECT_CALL) >= 0) return 'it is called without its PLT entry'
  if (findBranches(code, JUMP, entry - text.address).length > 0) return 'it is called by a jump'
  const calls = findBranches(code, CALL, entry - text.address)
  if (calls.length === 0) return 'no call to it was found'
  const other = calls.find((call) => !code.subarray(Math.max(0, call - SET_UP_BYTES), call).includes(SET_SIZE))
  if (other === undefined) return null
  return `the call at 0x${(text.address + other).toString(16)} does not pass size ${COMPARE_EXCHANGE_BYTES}`
}

function findPltEntry(elf: Elf, slot: number): number | null {
  const plt = requireSection(elf, '.plt')
  const code = elf.bytes.subarray(plt.offset, plt.offset + plt.bytes)
  const at = findIndirectBranch(code, plt.address, slot, INDIRECT_JUMP)
  return at < 0 ? null : plt.address + at - (at % PLT_ENTRY_BYTES)
}

function findIndirectBranch(code: Buffer, address: number, slot: number, opcode: Buffer): number {
  for (
    let at = code.indexOf(opcode);
    at >= 0 && at + INDIRECT_BYTES <= code.length;
    at = code.indexOf(opcode, at + 1)
  ) {
    if (address + at + INDIRECT_BYTES + code.readInt32LE(at + 2) === slot) return at
  }
  return -1
}

/** Places in `code` of the five-byte branches that lead to `target`, which is counted from the start of `code`. */
function findBranches(code: Buffer, opcode: number, target: number): number[] {
  const found: number[] = []
  for (let at = code.indexOf(opcode); at >= 0 && at + BRANCH_BYTES <= code.length; at = code.indexOf(opcode, at + 1)) {
    if (at + BRANCH_BYTES + code.readInt32LE(at + 1) === target) found.push(at)
  }
  return found
}
