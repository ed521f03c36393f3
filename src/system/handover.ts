/**
 * Passing open descriptors to a child: a pair of sockets beside the channel, on which each packet carries one
 * descriptor (SCM_RIGHTS, see unix(7)) and its number. The other side is told over the channel that it is there, and
 * takes it then; nobody waits on this pair.
 */
import { constants } from 'node:os'
import { addressOf, errno, libc, SystemCallError } from './libc.ts'
import { createSocketPair, SOCK_SEQPACKET } from './socket-calls.ts'

/**
 * struct msghdr of 64-bit Linux (alike on x86 and ARM) and what it points to, in one piece of memory: the vector with
 * its one entry, the control message (struct cmsghdr and a descriptor, padded), and the number.
 */
const VECTOR = 56
const CONTROL = 72
const NUMBER = 96
const END = 100
const HEADER = { vector: 16, vectorLength: 24, control: 32, controlLength: 40, flags: 48 } as const
const CONTROL_SIZE = NUMBER - CONTROL
const CONTROL_LENGTH = 20
const CONTROL_LEVEL = CONTROL + 8
const CONTROL_TYPE = CONTROL + 12
const DESCRIPTOR = CONTROL + 16

const SOL_SOCKET = 1
const SCM_RIGHTS = 1
const MSG_CTRUNC = 8
const MSG_DONTWAIT = 0x40
const MSG_NOSIGNAL = 0x4000
const MSG_CMSG_CLOEXEC = 0x40000000

const { EAGAIN, ECONNRESET, EINTR, EMFILE, ENOBUFS, ENOMEM, EPIPE } = constants.errno
/** More descriptors are under way than this user may have open; Node has no name for it. */
const ETOOMANYREFS = 109
/** The other side is gone, or does not take what is there. */
const NOT_TAKEN: readonly number[] = [EAGAIN, EPIPE, ECONNRESET, ETOOMANYREFS, ENOBUFS, ENOMEM]

export interface HandoverPair {
  readonly ours: number
  /** For the child's stdio; to be closed here once it has it. */
  readonly theirs: number
}

export interface Received {
  readonly number: number
  /** The receiver's to close. */
  readonly descriptor: number
}

/** @throws SystemCallError */
export function createHandoverPair(): HandoverPair {
  const [ours, theirs] = createSocketPair(SOCK_SEQPACKET)
  return { ours, theirs }
}

function createMessage(): Buffer {
  const message = Buffer.alloc(END)
  const start = addressOf(message)
  message.writeBigUInt64LE(start + BigInt(VECTOR), HEADER.vector)
  message.writeBigUInt64LE(1n, HEADER.vectorLength)
  message.writeBigUInt64LE(start + BigInt(CONTROL), HEADER.control)
  message.writeBigUInt64LE(BigInt(CONTROL_SIZE), HEADER.controlLength)
  message.writeBigUInt64LE(start + BigInt(NUMBER), VECTOR)
  message.writeBigUInt64LE(BigInt(END - NUMBER), VECTOR + 8)
  return message
}

/**
 * @param pairFd our end @param descriptor stays ours @param number unsigned, 32 bits
 * @returns false when it was not sent: the other side is gone, or takes nothing @throws SystemCallError
 */
export function sendDescriptor(pairFd: number, descriptor: number, number: number): boolean {
  const message = createMessage()
  message.writeBigUInt64LE(BigInt(CONTROL_LENGTH), CONTROL)
  message.writeInt32LE(SOL_SOCKET, CONTROL_LEVEL)
  message.writeInt32LE(SCM_RIGHTS, CONTROL_TYPE)
  message.writeInt32LE(descriptor, DESCRIPTOR)
  message.writeUInt32LE(number, NUMBER)
  for (;;) {
    if (libc().sendmsg(pairFd, message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0n) return true
    const code = errno()
    if (NOT_TAKEN.includes(code)) return false
    if (code !== EINTR) throw new SystemCallError('sendmsg', code)
  }
}

/**
 * @param pairFd our end
 * @returns what was sent first of what was not taken yet; null when there is nothing, or will be nothing any more
 * @throws SystemCallError; EMFILE when this process may not open more: then what was sent is lost
 */
export function receiveDescriptor(pairFd: number): Received | null {
  const message = createMessage()
  for (;;) {
    const length = Number(libc().recvmsg(pairFd, message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC))
    if (length > 0) return readMessage(message)
    const code = length === 0 ? ECONNRESET : errno()
    if (code === EAGAIN || code === ECONNRESET) return null
    if (code !== EINTR) throw new SystemCallError('recvmsg', code)
  }
}

function readMessage(message: Buffer): Received {
  const isCut = (message.readInt32LE(HEADER.flags) & MSG_CTRUNC) !== 0
  const isDescriptor = message.readInt32LE(CONTROL_TYPE) === SCM_RIGHTS
  if (isCut || !isDescriptor) throw new SystemCallError('recvmsg', EMFILE)
  return { number: message.readUInt32LE(NUMBER), descriptor: message.readInt32LE(DESCRIPTOR) }
}
