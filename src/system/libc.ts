/**
 * libc of the process image, by node:ffi. The only file that imports node:ffi, so that native calls are audited in
 * one place. Nothing here knows what the daemon does; every function is a syscall with its errors named. Calls on sockets
 * are in socket-calls.ts and handover.ts, which use `libc`, `errno` and `check` from here.
 *
 * 64-bit and pointer arguments are BigInt; 32-bit ones are numbers. errno is read at once after the call, before
 * anything else can run on this thread.
 */

import ffi from 'node:ffi'
import { getSystemErrorName } from 'node:util'

const SIGNATURES = {
  __errno_location: { arguments: [], return: 'pointer' },
  accept4: { arguments: ['i32', 'u64', 'u64', 'i32'], return: 'i32' },
  bind: { arguments: ['i32', 'buffer', 'i32'], return: 'i32' },
  close_range: { arguments: ['u32', 'u32', 'i32'], return: 'i32' },
  connect: { arguments: ['i32', 'buffer', 'i32'], return: 'i32' },
  dup2: { arguments: ['i32', 'i32'], return: 'i32' },
  fcntl: { arguments: ['i32', 'i32', 'i32'], return: 'i32' },
  flock: { arguments: ['i32', 'i32'], return: 'i32' },
  getgrnam: { arguments: ['buffer'], return: 'pointer' },
  getpwnam: { arguments: ['buffer'], return: 'pointer' },
  getsockname: { arguments: ['i32', 'buffer', 'buffer'], return: 'i32' },
  getsockopt: { arguments: ['i32', 'i32', 'i32', 'buffer', 'buffer'], return: 'i32' },
  gnu_get_libc_version: { arguments: [], return: 'pointer' },
  listen: { arguments: ['i32', 'i32'], return: 'i32' },
  malloc_trim: { arguments: ['u64'], return: 'i32' },
  mmap: { arguments: ['u64', 'u64', 'i32', 'i32', 'i32', 'i64'], return: 'pointer' },
  prctl: { arguments: ['i32', 'u64', 'u64', 'u64', 'u64'], return: 'i32' },
  recvmsg: { arguments: ['i32', 'buffer', 'i32'], return: 'i64' },
  sendmsg: { arguments: ['i32', 'buffer', 'i32'], return: 'i64' },
  setsockopt: { arguments: ['i32', 'i32', 'i32', 'buffer', 'i32'], return: 'i32' },
  socket: { arguments: ['i32', 'i32', 'i32'], return: 'i32' },
  socketpair: { arguments: ['i32', 'i32', 'i32', 'buffer'], return: 'i32' },
  syscall: { arguments: ['i64', 'u64', 'u64', 'u64', 'u64'], return: 'i64' },
  waitpid: { arguments: ['i32', 'buffer', 'i32'], return: 'i32' },
} as const

export type LibcSymbol = keyof typeof SIGNATURES

/** Every libc symbol that this program calls; preflight looks each of them up. */
export const LIBC_SYMBOLS = Object.keys(SIGNATURES) as LibcSymbol[]

const bindAll = () => ffi.dlopen(null, SIGNATURES).functions

let bound: ReturnType<typeof bindAll> | undefined

/** The functions of SIGNATURES, for the files of this folder that call them. */
export function libc(): ReturnType<typeof bindAll> {
  bound ??= bindAll()
  return bound
}

/** The symbols of LIBC_SYMBOLS that the C library of this host lacks (empty on a supported host). */
export function missingSymbols(): string[] {
  return LIBC_SYMBOLS.filter((symbol) => {
    try {
      ffi.dlopen(null, { [symbol]: SIGNATURES[symbol] })
      return false
    } catch {
      return true // dlsym found nothing of this name: that is the answer
    }
  })
}

/** A failed syscall: `code` is the errno's name, as in Node's own errors. */
export class SystemCallError extends Error {
  readonly code: string
  readonly errno: number
  readonly syscall: string

  /** @param object of the call, for the message: a path or an address */
  constructor(syscall: string, errno: number, object?: string) {
    const code = getSystemErrorName(-errno)
    super(`${syscall}${object === undefined ? '' : ` ${object}`}: ${code}`)
    this.name = 'SystemCallError'
    this.code = code
    this.errno = errno
    this.syscall = syscall
  }
}

/** That of the last call. To be read at once. */
export function errno(): number {
  return ffi.getInt32(libc().__errno_location(), 0)
}

/** @returns the result of a call that did not fail @throws SystemCallError */
export function check(result: number, syscall: string, object?: string): number {
  if (result < 0) throw new SystemCallError(syscall, errno(), object)
  return result
}

const EINTR = 4
const EAGAIN = 11
const ESRCH = 3

const LOCK_SH = 1
const LOCK_EX = 2
const LOCK_NB = 4

/** Takes an exclusive lock on an open file without waiting. @returns false when another open file holds it. */
export function tryLock(fd: number): boolean {
  return lock(fd, LOCK_EX | LOCK_NB)
}

/** Whether nobody holds the exclusive lock. Those who ask do not disturb each other. */
export function isUnlocked(fd: number): boolean {
  return lock(fd, LOCK_SH | LOCK_NB)
}

function lock(fd: number, operation: number): boolean {
  for (;;) {
    if (libc().flock(fd, operation) === 0) return true
    const code = errno()
    if (code === EAGAIN) return false
    if (code !== EINTR) throw new SystemCallError('flock', code)
  }
}

const CLOSE_RANGE_CLOEXEC = 4

/** Marks every descriptor from `first` up close-on-exec, so that what a careless parent left open is not passed on. */
export function closeOnExecFrom(first: number): void {
  check(libc().close_range(first, 0xffff_ffff, CLOSE_RANGE_CLOEXEC), 'close_range')
}

/** Makes descriptor `to` the same open file as `from`, closing what it was, without a moment in which it is closed. */
export function replaceDescriptor(from: number, to: number): void {
  check(libc().dup2(from, to), 'dup2')
}

const PR_SET_PDEATHSIG = 1
const PR_SET_NAME = 15
const PR_SET_CHILD_SUBREAPER = 36

/** Has the kernel send `signal` to this process when the thread that started it ends. Cleared by setuid. */
export function setParentDeathSignal(signal: number): void {
  check(libc().prctl(PR_SET_PDEATHSIG, BigInt(signal), 0n, 0n, 0n), 'prctl(PR_SET_PDEATHSIG)')
}

/** Orphaned descendants become children of this process instead of init's. */
export function becomeSubreaper(): void {
  check(libc().prctl(PR_SET_CHILD_SUBREAPER, 1n, 0n, 0n, 0n), 'prctl(PR_SET_CHILD_SUBREAPER)')
}

/** Sets `comm` (what ps -C and pgrep see) of the calling thread, 15 bytes at most. argv stays as it is. */
export function setProcessName(name: string): void {
  const bytes = Buffer.alloc(16)
  bytes.write(name.slice(0, 15), 'latin1')
  check(libc().prctl(PR_SET_NAME, ffi.getRawPointer(bytes), 0n, 0n, 0n), 'prctl(PR_SET_NAME)')
}

const WNOHANG = 1

/**
 * Reaps one child that Node does not know (an adopted orphan), never any child: that would steal Node's own.
 * @returns true when it was reaped or is no child (any more), false when it still runs.
 */
export function reap(pid: number): boolean {
  const status = Buffer.alloc(4)
  const result = libc().waitpid(pid, status, WNOHANG)
  return result !== 0
}

const SYS_PIDFD_SEND_SIGNAL = 424n
const SYS_PIDFD_OPEN = 434n

/** A descriptor that stands for this very process, also after its pid was given to another. @returns null when there is no such process. */
export function openPidFd(pid: number): number | null {
  const result = Number(libc().syscall(SYS_PIDFD_OPEN, BigInt(pid), 0n, 0n, 0n))
  if (result >= 0) return result
  const code = errno()
  if (code === ESRCH) return null
  throw new SystemCallError('pidfd_open', code)
}

/** Signals the process behind a pidfd. @returns false when it has ended. */
export function signalPidFd(pidFd: number, signal: number): boolean {
  const result = Number(libc().syscall(SYS_PIDFD_SEND_SIGNAL, BigInt(pidFd), BigInt(signal), 0n, 0n))
  if (result >= 0) return true
  const code = errno()
  if (code === ESRCH) return false
  throw new SystemCallError('pidfd_send_signal', code)
}

const PROT_READ = 1
const PROT_WRITE = 2
const MAP_SHARED = 1

/**
 * Maps a file shared. The mapping lasts as long as the process; the file must never be truncated meanwhile (SIGBUS).
 * @param length bytes, not more than the file has
 */
export function mapShared(fd: number, length: number, access: 'read' | 'write'): ArrayBuffer {
  const protection = access === 'read' ? PROT_READ : PROT_READ | PROT_WRITE
  const address = libc().mmap(0n, BigInt(length), protection, MAP_SHARED, fd, 0n)
  if (address === 0xffff_ffff_ffff_ffffn) throw new SystemCallError('mmap', errno())
  return ffi.toArrayBuffer(address, length, false)
}

/** Where the bytes lie, for a structure that points to them. They must be in use until after the call. */
export function addressOf(bytes: Buffer): bigint {
  return ffi.getRawPointer(bytes)
}

/** A number in memory of the C library. */
export function readUInt32(address: bigint, offset: number): number {
  return ffi.getUint32(address, offset)
}

/** Gives back to the kernel what was allocated while starting and is free again: over 1 MB of a process. Under 1 ms. */
export function releaseFreeMemory(): void {
  libc().malloc_trim(0n)
}

/** `2.36`. */
export function libcVersion(): string {
  return ffi.toString(libc().gnu_get_libc_version()) ?? ''
}
