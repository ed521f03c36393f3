/** The program under test: the sources, or with MYD_PACKAGED=dist/myd the executable, which finds no Node on its PATH. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

export interface Program {
  readonly file: string
  readonly args: readonly string[]
}

export function isPackaged(): boolean {
  return process.env.MYD_PACKAGED !== undefined
}

export function theProgram(): Program {
  const packaged = process.env.MYD_PACKAGED
  if (packaged === undefined) {
    // Behind “--” Node itself leaves --env-file alone.
    return { file: process.execPath, args: ['--disable-warning=ExperimentalWarning', '--', resolve('src/main.ts')] }
  }
  const file = resolve(packaged)
  if (!existsSync(file)) throw new Error(`there is no ${file}: run npm run build`)
  return { file, args: [] }
}
