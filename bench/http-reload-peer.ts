/** Servers that are no Node, for the reloads: nginx and puma, as Debian has them, when they are installed. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { which } from '../src/system/which.ts'
import type { BenchOptions } from './bench.ts'
import { createForeground, findTarget, type Peer } from './http-peer.ts'

const PLACES = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`

export async function createNginx({ directory, signal }: BenchOptions, proc: number): Promise<Peer | null> {
  const nginx = which('nginx', PLACES)
  if (nginx === null) return null
  const target = await findTarget()
  const file = join(directory, 'nginx.conf')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${directory};`,
  )
  writeFileSync(
    file,
    `daemon off; worker_processes ${proc}; pid ${directory}/nginx.pid; error_log ${directory}/nginx.log;
events { worker_connections 1024; }
http { access_log off; ${temporary.join(' ')}
  server { listen ${target.host}:${target.port}; location / { return 200 $request_uri; } } }\n`,
  )
  return reloadedBy('SIGHUP', createForeground('nginx', target, [[nginx, '-c', file]], signal))
}

export async function createPuma({ directory, signal }: BenchOptions, proc: number): Promise<Peer | null> {
  const puma = which('puma', PLACES)
  if (puma === null) return null
  const target = await findTarget()
  const file = join(directory, 'config.ru')
  writeFileSync(
    file,
    `run lambda { |env| sleep 0.2 if env['PATH_INFO'].start_with?('/slow/'); [200, {}, [env['PATH_INFO']]] }\n`,
  )
  const args = ['-w', String(proc), '-t', '0:16', '-b', `tcp://${target.host}:${target.port}`, '-q', file]
  return reloadedBy('SIGUSR1', createForeground('puma', target, [[puma, ...args]], signal))
}

function reloadedBy(signal: NodeJS.Signals, peer: Peer): Peer {
  return {
    ...peer,
    async reload() {
      process.kill(peer.pids()[0]!, signal)
    },
  }
}
