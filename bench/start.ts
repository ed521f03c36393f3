/** How long until eight workers are up? `myd --daemon --proc=8` until it returns, beside `pm2 start hello.cjs -i 8`. */
import { join } from 'node:path'
import type { BenchOptions } from './bench.ts'
import { Myd } from './myd.ts'
import { Pm2 } from './pm2.ts'
import { timeOf } from './process.ts'
import { measureRounds, printFigures, printRatio, type Side } from './rounds.ts'

const PROC = 8
const HELLO = join(import.meta.dirname, 'program', 'hello.cjs')

export async function benchStart({ directory, rounds, signal }: BenchOptions): Promise<void> {
  await Pm2.install(signal)
  const myd = new Myd(directory, signal)
  const pm2 = new Pm2(directory, signal)
  const startPm2 = () => pm2.run('start', HELLO, '-i', String(PROC))
  try {
    const sides = [startOf(myd), coldStartOf(pm2, startPm2), warmStartOf(pm2, startPm2)]
    const figures = await measureRounds(sides, rounds)
    printFigures(`ms until the start of ${PROC} workers returns`, figures)
    printRatio(figures[0], figures[1], '≤ 0.5')
    printRatio(figures[0], figures[2])
  } finally {
    await Promise.all([myd.stop(), pm2.kill()])
  }
}

function startOf(myd: Myd): Side {
  return {
    name: 'myd',
    async measure() {
      const ms = await timeOf(() => myd.start(PROC))
      await myd.stop()
      return ms
    },
  }
}

/** Its daemon has to start too, as after a boot, and as ours does each time. */
function coldStartOf(pm2: Pm2, start: () => Promise<void>): Side {
  return {
    name: `pm2 ${Pm2.version} cold`,
    async measure() {
      await pm2.kill()
      return await timeOf(start)
    },
  }
}

/** Its daemon runs. Comes after the cold start, whose workers it replaces. */
function warmStartOf(pm2: Pm2, start: () => Promise<void>): Side {
  return {
    name: `pm2 ${Pm2.version} warm`,
    async measure() {
      await pm2.run('delete', 'all')
      const ms = await timeOf(start)
      await pm2.kill()
      return ms
    },
  }
}
