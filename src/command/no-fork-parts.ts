/** What a single process is made of: store, worker and control socket, each saying what it has to say in the one log. */
import { closeSync, rmSync } from 'node:fs'
import { type AnswerControl, createControlServer } from '../admin/control-server.ts'
import type { Component } from '../component.ts'
import { errnoOf } from '../errors.ts'
import type { Emit } from '../events.ts'
import { createStoreServer } from '../job/store-server.ts'
import { wordStoreEvent } from '../job/word-store-event.ts'
import { endLeftovers } from '../master/leftovers.ts'
import type { MasterOptions } from '../master/master-options.ts'
import { listenPolicyOf } from '../master/policy.ts'
import { createScoreboard, type InHandEntry, type JobBoard, type SeatRecord } from '../metrics/scoreboard.ts'
import { INSTANCE_VARIABLE, LOG_LEVELS, type LogLevel } from '../protocol.ts'
import type { Log as ServiceLog } from '../service/define-service.ts'
import { ListenTable } from '../system/listen-table.ts'
import { duplicateDescriptor } from '../system/socket-calls.ts'
import { Listening, type SocketSource } from '../worker/listening.ts'
import { createServiceRunner } from '../worker/service-runner.ts'

const SEAT = 0
/** The process in its part as worker. */
export const WORKER = { kind: 'worker', slot: 0, pid: process.pid } as const
/** The only worker there is; unique among the runs of an instance by its pid. */
const workerId = () => `nofork-${process.pid}`

export interface Parts {
  readonly store: Component
  readonly worker: Component
  /** All, in the order of their start. */
  readonly all: readonly Component[]
  readonly record: () => SeatRecord
  /** Commands that are being run. */
  readonly commands: () => readonly InHandEntry[]
  /** Addresses that clients can connect to. */
  readonly listen: () => readonly string[]
  /** Closes and removes what is there while it runs; also of a part that has not come to its end. */
  readonly release: () => void
}

/** @param exit of a service that wants to end */
export function openParts(
  options: MasterOptions,
  emit: Emit,
  onCommand: AnswerControl,
  exit: (code: number) => void,
): Parts {
  const { paths } = options.loaded
  const { fd, board } = createScoreboard(paths.scoreboard, process.pid)
  const refused = (reason: string) => emit({ type: 'control.refused', reason })
  const store = createStore(options, emit)
  const table = new ListenTable(listenPolicyOf(options.loaded.settings), options.inherited, (path, reason) =>
    emit({ type: 'socket.file-left', path, reason }),
  )
  const worker = createWorker(options, { board: board.seat(SEAT), table, emit, exit })
  const record = () => board.read(SEAT)
  return {
    store,
    worker,
    all: [store, worker, createControlServer(paths.controlSocket, onCommand, refused)],
    record,
    listen: () => table.addresses(),
    commands: () => record().inHand.filter(({ group, startTime }) => group > 1 && startTime > 0),
    release() {
      for (const path of [paths.scoreboard, paths.jobsSocket, paths.controlSocket]) rmSync(path, { force: true })
      closeSync(fd)
    },
  }
}

/** Whatever a command left, and the commands themselves. */
export async function endCommands(options: MasterOptions, parts: Parts, emit: Emit): Promise<void> {
  const { pids, unkillable } = await endLeftovers(`${INSTANCE_VARIABLE}=${options.instance}`, parts.commands())
  const worker = workerId()
  if (pids.length > 0) emit({ type: 'commands.ended', worker, pids })
  if (unkillable.length > 0) emit({ type: 'commands.unkillable', worker, pids: unkillable })
}

function createStore(options: MasterOptions, emit: Emit): Component {
  const { paths, settings, jobTypes } = options.loaded
  return createStoreServer({
    ...{ paths, settings, jobTypes, holders: [] },
    listen: { path: paths.jobsSocket },
    onEvent: (event) => {
      const { level, message } = wordStoreEvent(event)
      emit({ type: 'child.log', child: { ...WORKER, kind: 'store' }, level, message, fields: {} })
    },
  })
}

interface WorkerParts {
  readonly board: JobBoard
  readonly table: ListenTable
  readonly emit: Emit
  readonly exit: (code: number) => void
}

function createWorker(options: MasterOptions, { board, table, emit, exit }: WorkerParts): Component {
  const { launch, loaded, instance, environment } = options
  const { settings, serviceSettings, jobTypes, paths } = loaded
  const listening = new Listening(bindOwn(table), settings['socket.backlog'])
  const runner = createServiceRunner({
    origin: { service: launch.service, serviceSettings, settings, jobTypes, instance, worker: workerId() },
    slot: 0,
    jobsSocket: paths.jobsSocket,
    board,
    log: createServiceLog(emit),
    environment,
    listening,
    onLoaded: () => {}, // watched from the beginning
    tellEnd: () => false, // a signal reached the service already: it is the same process
    exit,
  })
  return {
    ...runner,
    stop() {
      const stopped = runner.stop(listening.keys())
      table.closeAll() // from here on clients are refused
      return stopped
    },
  }
}

/** With nobody to ask, this process binds itself. */
function bindOwn(table: ListenTable): SocketSource {
  return {
    open(query, take) {
      try {
        const { key, descriptor } = table.open(query, 0)
        take({ socket: { key, descriptor: duplicateDescriptor(descriptor), isPassive: false } })
      } catch (error) {
        if (errnoOf(error) === undefined) throw error
        take({ error })
      }
    },
    unlisten: (key) => table.close(key),
  }
}

function createServiceLog(emit: Emit): ServiceLog {
  const say =
    (level: LogLevel) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}) =>
      emit({ type: 'child.log', child: WORKER, level, message, fields })
  return Object.fromEntries(LOG_LEVELS.map((level) => [level, say(level)])) as unknown as ServiceLog
}
