/** Bare spawning: `node spawn-true.cjs COUNT ignore|pipe` runs /bin/true that often, one at a time. */
const { spawn } = require('node:child_process')

const [, , count, output] = process.argv

function spawnNext(left) {
  if (left === 0) return
  const child = spawn('/bin/true', { stdio: ['ignore', output, output] })
  child.stdout?.resume()
  child.stderr?.resume()
  child.once('close', () => spawnNext(left - 1))
}

spawnNext(Number(count))
