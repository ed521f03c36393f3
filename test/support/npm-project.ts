/**
 * A folder of somebody who has npm and the Node of the host, and nothing of this repository. Everything that is started
 * there has it as its home, so that no process of it is overlooked at the end.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Ended, ended } from './instance.ts'
import { describeProcesses, killOwned, listOwned } from './processes.ts'
import { runNpm } from './run-npm.ts'

/** PATH without what `npm run` and this repository put there: the Node and the npm of the host. */
export function hostPath(): string {
  const directories = (process.env.PATH ?? '').split(':')
  return directories.filter((each) => !/node_modules\/|node-gyp-bin/.test(each)).join(':')
}

export const hasNpm = (): boolean => spawnSync('npm', ['--version'], { env: { PATH: hostPath() } }).status === 0

export class NpmProject {
  readonly directory = mkdtempSync(join(tmpdir(), 'myd-npm-'))
  /** Of what is run there. */
  readonly environment: Record<string, string> = { PATH: hostPath(), HOME: this.directory }

  path(name: string): string {
    return join(this.directory, name)
  }

  write(name: string, content: string | object): void {
    writeFileSync(this.path(name), typeof content === 'string' ? content : JSON.stringify(content))
  }

  /** With the settings of the host's npm, which may name a registry. */
  npm(...args: string[]): string {
    const own = Object.entries(process.env).filter(([name]) => !/^(npm|MYD)_/.test(name))
    const env = { ...Object.fromEntries(own), PATH: hostPath() }
    const result = runNpm(args, { cwd: this.directory, env })
    assert.equal(result.status, 0, `npm ${args.join(' ')}: ${result.stderr}`)
    return result.stdout
  }

  /** As typed there, with an environment of nothing else. */
  async run(program: string, ...args: string[]): Promise<Ended> {
    const child = spawn(program, args, {
      cwd: this.directory,
      env: this.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return await ended(child)
  }

  /** Runs it, which must end well. @returns what it printed */
  async do(program: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(program, ...args)
    assert.equal(code, 0, `${program} ${args.join(' ')}: ${stdout}${stderr}`)
    return stdout
  }

  assertGone(): void {
    const pids = listOwned(this.directory)
    assert.deepEqual(pids, [], `still running: ${describeProcesses(pids)}`)
  }

  async remove(): Promise<void> {
    await killOwned(this.directory)
    rmSync(this.directory, { recursive: true, force: true })
  }
}
