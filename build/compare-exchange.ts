/**
 * The one function of libatomic that the base calls, as x86-64 machine code:
 *
 *     bool __atomic_compare_exchange(size_t size, void *mem, void *expected, void *desired, int success, int failure)
 *
 * System V ABI: rdi size, rsi mem, rdx expected, rcx desired, r8 and r9 the memory orders; the result in al.
 * `lock cmpxchg` is sequentially consistent, so it satisfies every order that a caller can ask for, on success and on
 * failure alike; it is atomic at any alignment. Only size 8 is built; another size raises SIGILL rather than answer wrongly.
 */

const INSTRUCTIONS: readonly (readonly [code: string, assembly: string])[] = [
  ['48 83 ff 08', 'cmp rdi, 8'],
  ['75 18', 'jne other_size'],
  ['48 8b 02', 'mov rax, [rdx]            ; what the caller expects'],
  ['48 8b 09', 'mov rcx, [rcx]            ; what it wants there'],
  ['f0 48 0f b1 0e', 'lock cmpxchg [rsi], rcx   ; rax: what was there'],
  ['75 06', 'jne differs'],
  ['b8 01 00 00 00', 'mov eax, 1'],
  ['c3', 'ret'],
  ['48 89 02', 'differs: mov [rdx], rax'],
  ['31 c0', 'xor eax, eax'],
  ['c3', 'ret'],
  ['0f 0b', 'other_size: ud2'],
]

export const COMPARE_EXCHANGE = Buffer.from(INSTRUCTIONS.map(([code]) => code.replaceAll(' ', '')).join(''), 'hex')

/** The operand size that it is built for. */
export const COMPARE_EXCHANGE_BYTES = 8
