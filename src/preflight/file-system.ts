/**
 * What kind of file system the state lies on. SQLite needs locks and shared memory that network file systems do not
 * give reliably, and a state in memory does not outlive a reboot.
 */
import { readFileSync, realpathSync } from 'node:fs'
import type { PreflightContext } from './context.ts'
import { type Finding, failure, ok, warning } from './finding.ts'
import { nearestExisting } from './nearest-existing.ts'

const NETWORK =
  /^(nfs\d?|cifs|smb\d?|smbfs|9p|afs|ceph|coda|ncpfs|lustre|gpfs|beegfs|ocfs2|gfs2|orangefs|pvfs2|fuse\.(sshfs|glusterfs|ceph|ceph-fuse|s3fs|rclone|gcsfuse|davfs2?|juicefs|smbnetfs))$/
const VOLATILE = ['tmpfs', 'ramfs', 'devtmpfs']

/** Spaces and the like are written as `\040` in mountinfo. */
function decodePath(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}

/** @param mountInfo see proc_pid_mountinfo(5); of mounts on the same point the last covers the others */
export function findFileSystem(mountInfo: string, path: string): string | null {
  let best = { point: '', type: '' }
  for (const line of mountInfo.split('\n')) {
    const [left = '', right = ''] = line.split(' - ')
    const point = decodePath(left.split(' ')[4] ?? '')
    const holds = point !== '' && (path === point || point === '/' || path.startsWith(`${point}/`))
    if (holds && point.length >= best.point.length) best = { point, type: right.split(' ')[0] ?? '' }
  }
  return best.type === '' ? null : best.type
}

export function assessFileSystem(path: string, type: string | null): Finding {
  if (type !== null && NETWORK.test(type)) {
    const message = `the state directory ${path} is on a network file system (${type})`
    return failure('file-system', message, 'Set stateDirectory to a directory on a local disk')
  }
  if (type !== null && VOLATILE.includes(type)) {
    const message = `the state directory ${path} is kept in memory (${type}): jobs do not outlive a reboot`
    return warning('file-system', message, 'Set stateDirectory to a directory on a disk')
  }
  return ok('file-system', `the state directory is on ${type ?? 'an unknown file system'}`)
}

export function checkFileSystem({ loaded }: PreflightContext): Finding[] {
  const { stateDirectory } = loaded.paths
  const existing = nearestExisting(stateDirectory)
  if (!existing.stat.isDirectory()) return [] // the check of the directories says so
  const mountInfo = readFileSync('/proc/self/mountinfo', 'utf8')
  return [assessFileSystem(stateDirectory, findFileSystem(mountInfo, realpathSync(existing.path)))]
}
