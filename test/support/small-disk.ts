/** A file system that fills up soon: a tmpfs of its own. Needs root. Preflight wants some 16 MiB before a start. */
import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { errnoOf } from '../../src/errors.ts'
import type { Instance } from './instance.ts'

/** Why it cannot be had here, for `skip`; false when it can. */
export const noSmallDisk = process.getuid?.() === 0 ? false : 'mounting a small disk needs root'

/** @param options of mount, `size=32m` for example @returns where it is, in the home of the instance */
export function mountSmallDisk(instance: Instance, name: string, options: string): string {
  const path = instance.path(name)
  mkdirSync(path)
  mount('-t', 'tmpfs', '-o', options, 'tmpfs', path)
  instance.cleanups.push(() => void spawnSync('umount', ['-l', path]))
  return path
}

/** @param options `ro`, or another size */
export function remount(path: string, options: string): void {
  mount('-o', `remount,${options}`, path)
}

function mount(...args: string[]): void {
  const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`cannot mount: ${stderr}`)
}

/** Writes to a file until nothing more fits. */
export function fillDisk(path: string): void {
  const fd = openSync(path, 'a')
  try {
    for (const size of [65_536, 4096, 1]) {
      while (writeChunk(fd, size));
    }
  } finally {
    closeSync(fd)
  }
}

function writeChunk(fd: number, size: number): boolean {
  try {
    return writeSync(fd, Buffer.alloc(size, 'x')) === size
  } catch (error) {
    if (errnoOf(error) !== 'ENOSPC') throw error // full: that is what was wanted
    return false
  }
}
