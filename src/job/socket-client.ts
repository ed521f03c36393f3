/**
 * A client of a running store. When the store is replaced meanwhile, what was not answered is asked again: an `add`
 * carries a token, so that it is done once; everything else may be done twice.
 */
import { randomUUID } from 'node:crypto'
import { errnoOf, MydError } from '../errors.ts'
import type { ClientOperation, JobClient } from './client.ts'
import { toMydError } from './client-error.ts'
import { StoreLink, type StoreMessage } from './store-link.ts'
import type { Answers, WireError } from './wire.ts'

/** A store that was lost is waited for this long. */
const LOST_TIMEOUT_MS = 10_000
/** An answer that waits for nothing but the disk comes sooner. */
const ANSWER_TIMEOUT_MS = 30_000

interface Asked {
  readonly operation: ClientOperation
  readonly resolve: (answer: StoreMessage) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout | undefined
}

/** ECONNRESET, EPIPE: whoever listened was killed while we waited to be accepted. */
const NOBODY: ReadonlySet<string> = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'])

/** @returns null when nobody listens there. @throws MydError PERMISSION */
export async function connectToStore(path: string): Promise<JobClient | null> {
  const client = new SocketClient(path)
  const failure = await client.connected
  if (failure === null) return client
  await client.close()
  const code = errnoOf(failure)
  if (code !== undefined && NOBODY.has(code)) return null
  if (code === 'EACCES') {
    throw new MydError('PERMISSION', `no permission to use ${path}`, {
      path,
      hint: 'Run this as the user of the daemon, or as root.',
    })
  }
  throw failure
}

class SocketClient implements JobClient {
  readonly hasDaemon = true
  /** Resolves to null, or to why the first connection failed. */
  readonly connected: Promise<Error | null>
  readonly #asked = new Set<Asked>()
  readonly #link: StoreLink
  #lostTimer: NodeJS.Timeout | undefined

  constructor(path: string) {
    const first = Promise.withResolvers<Error | null>()
    this.connected = first.promise
    this.#link = new StoreLink(path, {
      onConnect: () => {
        first.resolve(null)
        this.#askAll()
      },
      onDisconnect: (error) => {
        first.resolve(error)
        this.#lostTimer ??= setTimeout(() => this.#giveUp(), LOST_TIMEOUT_MS)
      },
      onEvent() {},
    })
    this.#link.open()
  }

  call<O extends ClientOperation>(operation: O): Promise<Answers[O['op']]> {
    return new Promise((resolve, reject) => {
      const expire = (): void => this.#settle(asked, () => reject(notAnswering('the job store does not answer')))
      const waits = operation.op === 'wait' || operation.op === 'waitAll'
      const asked: Asked = {
        operation: operation.op === 'add' ? { token: randomUUID(), ...operation } : operation,
        resolve: (answer) => resolve(answer as Answers[O['op']]),
        reject,
        timer: waits ? undefined : setTimeout(expire, ANSWER_TIMEOUT_MS),
      }
      this.#asked.add(asked)
      this.#ask(asked)
    })
  }

  async close(): Promise<void> {
    clearTimeout(this.#lostTimer)
    this.#link.close()
  }

  #askAll(): void {
    clearTimeout(this.#lostTimer)
    this.#lostTimer = undefined
    for (const asked of this.#asked) this.#ask(asked)
  }

  #ask(asked: Asked): void {
    this.#link.ask(asked.operation, (answer) =>
      this.#settle(asked, () => {
        if (answer.ok === true) asked.resolve(answer)
        else asked.reject(toMydError(answer.error as WireError))
      }),
    )
  }

  #settle(asked: Asked, tell: () => void): void {
    clearTimeout(asked.timer)
    this.#asked.delete(asked)
    tell()
  }

  #giveUp(): void {
    this.#link.close()
    for (const asked of this.#asked) {
      this.#settle(asked, () => asked.reject(notAnswering('the job store is gone and did not come back')))
    }
  }
}

function notAnswering(message: string): MydError {
  return new MydError('NOT_RUNNING', message, { hint: 'What was asked may or may not have been done.' })
}
