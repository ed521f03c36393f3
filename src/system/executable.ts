/**
 * What this program knows of itself: its build, how to start it again, and what the user typed. It runs in two forms: packed
 * (one executable with the bundle inside; argv is [path, path, ...typed]) and unpacked (argv is [node, file, ...typed]),
 * which is src/main.ts, or the bundle in the npm package. Callers do not tell them apart.
 */

import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { dirname, resolve } from 'node:path'
import { getRawAsset, isSea } from 'node:sea'
import { pathToFileURL } from 'node:url'
import { errnoOf } from '../errors.ts'

export const MANIFEST_ASSET = 'manifest.json'
/** Raise it when a reader of the old form would misread the manifest. */
export const MANIFEST_FORMAT = 1

export interface BuildInfo {
  readonly name: string
  /** `0.1.0` */
  readonly version: string
  /** 16 hex digits that stand for everything that went in; `source` from source. */
  readonly buildId: string
  /** `26.10.0` */
  readonly node: string
  /** `linux-x64` */
  readonly target: string
  readonly debug: boolean
  readonly packed: boolean
}

/** A file inside the executable besides the program. */
export interface Part {
  readonly name: string
  readonly sha256: string
  readonly bytes: number
}

/** The asset that the build writes; see build/manifest.ts. */
export interface Manifest extends Omit<BuildInfo, 'packed'> {
  readonly format: number
  readonly baseSha256: string
  readonly bundleSha256: string
  readonly parts: readonly Part[]
}

export function isPacked(): boolean {
  return isSea()
}

export function readBuildInfo(): BuildInfo {
  if (!isSea()) return describeUnpacked()
  const { name, version, buildId, node, target, debug } = readManifest()
  return { name, version, buildId, node, target, debug, packed: true }
}

function describeUnpacked(): BuildInfo {
  const { name, version, myd } = readPackage()
  const target = `${process.platform}-${process.arch}`
  const buildId = myd?.buildId ?? 'source'
  return { name, version, buildId, node: process.versions.node, target, debug: false, packed: false }
}

/** What we need of the package.json above the file that was started; build/npm-manifest.ts writes that of the npm package. */
interface Package {
  readonly name: string
  readonly version: string
  readonly bin?: { readonly myd: string }
  readonly myd?: { readonly buildId: string }
}

function readPackage(): Package & { readonly path: string } {
  const path = findPackageJSON(pathToFileURL(sourceEntry()))
  if (path === undefined) throw new Error(`no package.json above ${sourceEntry()}`)
  return { ...(JSON.parse(readFileSync(path, 'utf8')) as Package), path }
}

/** The file that was started: src/main.ts, or the bundle. */
function sourceEntry(): string {
  const [, entry] = process.argv
  if (entry === undefined) throw new Error('started without a file')
  return entry
}

function readManifest(): Manifest {
  const manifest = JSON.parse(readAsset(MANIFEST_ASSET).toString('utf8')) as Manifest
  if (manifest.format !== MANIFEST_FORMAT) throw new Error(`the manifest has format ${manifest.format}`)
  return manifest
}

function readAsset(name: string): Buffer {
  return Buffer.from(getRawAsset(name))
}

/**
 * The embedded parts that are missing or not the bytes that were built in; empty for a sound executable and from source.
 * Cheap (the parts only); the whole file is checked by verifyTrailer.
 */
export function listDamagedParts(): string[] {
  if (!isSea()) return []
  return readManifest()
    .parts.filter((part) => !isIntact(part))
    .map((part) => part.name)
}

function isIntact({ name, sha256 }: Part): boolean {
  try {
    // Loaded when it is used: this file is in every process, and node:crypto takes 5 ms.
    return process.getBuiltinModule('node:crypto').hash('sha256', readAsset(name)) === sha256
  } catch (error) {
    if (errnoOf(error) !== 'ERR_SINGLE_EXECUTABLE_APPLICATION_ASSET_NOT_FOUND') throw error
    return false // it is not there: damaged
  }
}

/**
 * The directory that our own code runs from, for telling it from a service's in a stack; null when it is in the
 * executable, where frames have no path. Ask before a service is loaded: that changes argv.
 */
export function ownDirectory(): string | null {
  return isSea() ? null : dirname(resolve(sourceEntry()))
}

export interface SelfCommand {
  readonly file: string
  readonly args: readonly string[]
}

/**
 * How to start this same program again: `spawn(file, [...args, ...own], { argv0: programPath() })`. /proc/self/exe is the
 * running image, also when the file on disk is newer or gone.
 */
export function selfCommand(): SelfCommand {
  return { file: '/proc/self/exe', args: isSea() ? [] : [...process.execArgv, resolve(sourceEntry())] }
}

/** What the user typed behind the program's name. @param argv process.argv */
export function commandArguments(argv: readonly string[]): string[] {
  return argv.slice(2)
}

/**
 * The absolute path this program was started by, symbolic links kept (from the npm package: its launcher; from source:
 * Node's). Ask before changing the directory. A program that was found on PATH knows only the file itself.
 */
export function programPath(): string {
  if (isSea()) return process.argv0.includes('/') ? resolve(process.argv0) : process.execPath
  const { path, bin } = readPackage()
  return bin === undefined ? process.execPath : resolve(dirname(path), bin.myd)
}
